// The error for an unavailable Slurm.

/** The controller or its commands are unavailable. No job is at fault: retry later. */
export class SlurmUnavailableError extends Error {
  override readonly name = 'SlurmUnavailableError';
}
