// The errors of a Slurm that does not respond usably.

/** Thrown when the controller or its commands are unavailable: no job is at fault, retry later. */
export class SlurmUnavailableError extends Error {
  override readonly name = 'SlurmUnavailableError';
}
