// A command line that can't be meant as it was typed.

/** Thrown when options are missing, unknown or contradict each other; the message says what to type. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
