// Returns the error that a promise is rejected with.

/** Throws when it is fulfilled instead, so that the test fails. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError('rejected with something that is no error', { cause: error });
  }
  throw new Error('fulfilled, where a rejection was expected');
}
