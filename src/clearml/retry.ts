// Tries a call again while the server can't be reached, and says truly whether any of the tries may have been carried out.
import pRetry from 'p-retry';
import { InvalidResponseError, NotTheApiError, ServerUnreachableError } from './errors.ts';
import type { Timeouts } from './settings.ts';

export interface RetryRules {
  /** False: tried again only when the server surely hasn't seen it. */
  readonly idempotent: boolean;
  /** Never tried again: it follows from a reading that would be too old by then. */
  readonly once?: boolean;
  readonly patience: Timeouts;
  readonly signal?: AbortSignal;
  /** Told of each attempt that did not reach the server. */
  onFailure(error: ServerUnreachableError, attempt: number): void;
}

/** @throws what the last attempt threw, or the signal's reason */
export async function retry<T>(attempt: () => Promise<T>, rules: RetryRules): Promise<T> {
  const { idempotent, once = false, patience, signal } = rules;
  let mayHaveHappened = false;
  let done: { readonly value: T } | undefined;

  const tryOnce = async (): Promise<T> => {
    try {
      done = { value: await attempt() };
      return done.value;
    } catch (error) {
      if (!(error instanceof ServerUnreachableError)) throw error;
      mayHaveHappened ||= error.mayHaveHappened;
      if (mayHaveHappened === error.mayHaveHappened) throw error;
      throw new ServerUnreachableError(error.message, mayHaveHappened, { cause: error.cause });
    }
  };

  try {
    return await pRetry(tryOnce, {
      retries: once ? 0 : Infinity,
      minTimeout: patience.firstPauseMs,
      maxTimeout: patience.longestPauseMs,
      maxRetryTime: patience.retryMs,
      randomize: true,
      ...(signal === undefined ? {} : { signal }),
      shouldRetry: ({ error }) =>
        error instanceof ServerUnreachableError &&
        !(error instanceof NotTheApiError || error instanceof InvalidResponseError) &&
        (idempotent || !error.mayHaveHappened),
      onFailedAttempt: ({ error, attemptNumber }) => {
        if (error instanceof ServerUnreachableError) rules.onFailure(error, attemptNumber);
      },
    });
  } catch (error) {
    // p-retry drops a result that came while the signal was aborted; but what the server has done, it has done.
    if (done !== undefined) return done.value;
    throw error;
  }
}
