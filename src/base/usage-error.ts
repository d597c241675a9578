// The error for an invalid command line.

/** Thrown when options are missing, unknown or contradict each other; the message says what to type. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
