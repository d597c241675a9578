// Catches what a call throws, so that a test can look at it.

/** The error that the call throws, which must be of this class. */
export function catchError<E extends Error>(kind: abstract new (...args: never[]) => E, call: () => unknown): E {
  try {
    call();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`expected ${kind.name} to be catchError`);
}
