// What a caller must handle when Slurm gives no usable response.

/** Thrown when the controller or its commands can't be had: nothing is wrong with any job, try again later. */
export class SlurmUnavailableError extends Error {
  override readonly name = 'SlurmUnavailableError';
}
