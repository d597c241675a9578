// Retries a call while the server is unreachable, and reports whether any attempt may have been executed.
import pRetry from 'p-retry';
import { systemClock } from '../../base/clock.ts';
import { InvalidResponseError, NotTheApiError, ServerBusyError, ServerUnreachableError } from '../errors.ts';
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
  let retryAfterMs = 0;
  let done: { readonly value: T } | undefined;

  const tryOnce = async (): Promise<T> => {
    try {
      done = { value: await attempt() };
      return done.value;
    } catch (error) {
      if (!(error instanceof ServerUnreachableError)) throw error;
      mayHaveHappened ||= error.mayHaveHappened;
      retryAfterMs = error instanceof ServerBusyError ? (error.retryAfterMs ?? 0) : 0;
      if (mayHaveHappened === error.mayHaveHappened) throw error;
      throw new ServerUnreachableError(error.message, mayHaveHappened, { cause: error.cause });
    }
  };

  const isRetried = (error: Error): boolean =>
    !once &&
    error instanceof ServerUnreachableError &&
    !(error instanceof NotTheApiError || error instanceof InvalidResponseError) &&
    (idempotent || !error.mayHaveHappened) &&
    retryAfterMs < timeouts.retryMs;

  try {
    return await pRetry(tryOnce, {
      retries: Infinity,
      minTimeout: timeouts.firstBackoffMs,
      maxTimeout: timeouts.maxBackoffMs,
      maxRetryTime: timeouts.retryMs,
      randomize: true,
      ...(signal === undefined ? {} : { signal }),
      shouldRetry: ({ error }) => isRetried(error),
      async onFailedAttempt({ error, attemptNumber }) {
        if (error instanceof ServerUnreachableError) rules.onFailure(error, attemptNumber);
        // Before the backoff, whose jitter then keeps clients from returning at the same moment.
        if (retryAfterMs > 0 && isRetried(error)) await systemClock.sleep(retryAfterMs, signal);
      },
    });
  } catch (error) {
    // p-retry drops a result that arrived while the signal was aborted, but the server has executed the call.
    if (done !== undefined) return done.value;
    throw error;
  }
}
