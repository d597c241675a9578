// Retries a call while the server is unreachable, and reports whether any attempt may have been executed.
import pRetry from 'p-retry';
import { InvalidResponseError, NotTheApiError, ServerUnreachableError } from './errors.ts';
import type { Timeouts } from './connection-settings.ts';

export interface RetryRules {
  /** False: retried only while the server cannot have seen the call. */
  readonly idempotent: boolean;
  /** Never retried: the decision behind it would be out of date. */
  readonly once?: boolean;
  readonly timeouts: Timeouts;
  readonly signal?: AbortSignal;
  /** Called for each attempt without a usable response. */
  onFailure(error: ServerUnreachableError, attempt: number): void;
}

/** @throws what the last attempt threw, or the signal's reason */
export async function retry<T>(attempt: () => Promise<T>, rules: RetryRules): Promise<T> {
  const { idempotent, once = false, timeouts, signal } = rules;
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
      minTimeout: timeouts.firstBackoffMs,
      maxTimeout: timeouts.maxBackoffMs,
      maxRetryTime: timeouts.retryMs,
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
    // p-retry drops a result that arrived while the signal was aborted, but the server has executed the call.
    if (done !== undefined) return done.value;
    throw error;
  }
}
