// One connection for all commands to a host, opened again with backoff when it is lost: sites ban users who log in too often.
import { elapsedMs, pastTime } from '../base/past-time.ts';
import type { Clock } from '../base/clock.ts';
import { HostUnreachableError, LoginRefusedError } from './errors.ts';

export interface Connection {
  /** Resolves with the error that ended it; never rejects. */
  readonly lost: Promise<Error>;
  readonly close: () => void;
}

export interface PersistentConnection<Kind extends Connection> {
  /**
   * The connection. Logs in if there is none; concurrent callers share that login.
   * @throws HostUnreachableError if the login failed, or an earlier one failed and the backoff is not over
   */
  get(): Promise<Kind>;
  /** Login attempts. */
  count(): number;
  /** Closes the connection. Later calls of `get` throw the error. */
  close(why: Error): void;
}

export interface PersistentConnectionDeps<Kind extends Connection> {
  /** @throws HostUnreachableError */
  readonly logIn: (signal: AbortSignal) => Promise<Kind>;
  readonly backoff: LoginBackoff;
  readonly clock: Clock;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

/** A caller waits for a login that is due within this time; for a later one it gets an error at once. */
const MAX_WAIT_MS = 10_000;

export function createPersistentConnection<Kind extends Connection>(
  deps: PersistentConnectionDeps<Kind>,
): PersistentConnection<Kind> {
  const { logIn, backoff, clock, random } = deps;
  const closing = new AbortController();
  let current: Promise<Kind> | undefined;
  let logins = 0;
  let failures = 0;
  /** When the last login began, and how long after it the next one may begin. */
  let last = { begunAt: -Infinity, delayMs: 0 };
  let lastError: Error | undefined;

  function remainingMs(): number {
    const now = clock.now();
    // If the clock was set back, the host would be unreachable until it has caught up.
    const begunAt = pastTime(last.begunAt, now) ?? -Infinity;
    return begunAt + last.delayMs - now;
  }

  async function open(): Promise<Kind> {
    const waitMs = remainingMs();
    if (waitMs > 0) await clock.sleep(waitMs, closing.signal);
    const begunAt = clock.now();
    logins += 1;
    try {
      const connection = await logIn(closing.signal);
      void connection.lost.then((why) => {
        if (elapsedMs(begunAt, clock.now()) >= LASTING_MS) failures = 0;
        end(begunAt, why);
      });
      return connection;
    } catch (error) {
      end(begunAt, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  function end(begunAt: number, why: Error): void {
    current = undefined;
    lastError = why;
    const delayMs = loginDelayMs(backoff, why instanceof LoginRefusedError ? Infinity : failures, random());
    last = { begunAt, delayMs };
    failures += 1;
  }

  return {
    async get() {
      closing.signal.throwIfAborted();
      const waitMs = remainingMs();
      if (current === undefined && waitMs > MAX_WAIT_MS) {
        const message = `${lastError?.message ?? ''} Retrying in ${Math.ceil(waitMs / 1000)} s.`;
        throw new HostUnreachableError(message, { cause: lastError });
      }
      current ??= open();
      return await current;
    },
    count: () => logins,
    close(why) {
      closing.abort(why);
      current?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    },
  };
}

export interface LoginBackoff {
  /** The least time between two logins. */
  readonly firstMs: number;
  /** The maximum, reached by doubling for each login that failed or did not last. */
  readonly maxMs: number;
}

export const defaultLoginBackoff: LoginBackoff = { firstMs: 5_000, maxMs: 300_000 };

/** A connection that lasted this long resets the backoff. */
const LASTING_MS = 60_000;

/**
 * The delay between the last login and the next.
 * @param failures logins in a row that failed or did not last
 * @param random 0 to 1: jitter shortens the delay by up to a quarter
 */
export function loginDelayMs({ firstMs, maxMs }: LoginBackoff, failures: number, random: number): number {
  return Math.min(maxMs, firstMs * 2 ** failures) * (1 - random / 4);
}
