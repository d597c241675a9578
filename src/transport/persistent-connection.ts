// One login for everybody who needs the host: kept while it lasts, made again when it is lost, and never in a hurry.
import type { Clock } from '../base/clock.ts';
import { HostUnreachableError, LoginRefusedError } from './errors.ts';
import { LASTING_MS, loginDelayMs, type LoginBackoff } from './login-backoff.ts';

export interface Connection {
  /** Resolves with what ended it; never rejects. */
  readonly lost: Promise<Error>;
  readonly close: () => void;
}

export interface PersistentConnection<Kind extends Connection> {
  /**
   * The connection, logging in if there is none. All who ask meanwhile wait for the same login.
   * @throws HostUnreachableError when it failed, or failed a moment ago and it is too early to try again
   */
  get(): Promise<Kind>;
  /** How often it was tried to log in. */
  count(): number;
  /** Ends the connection; who asks later is refused with the error. */
  close(why: Error): void;
}

export interface PersistentConnectionDeps<Kind extends Connection> {
  /** @throws HostUnreachableError */
  readonly logIn: (signal: AbortSignal) => Promise<Kind>;
  readonly pace: LoginBackoff;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Who asks this soon before the next login is due waits for it; who asks earlier is told at once that there is no way. */
const WORTH_WAITING_MS = 10_000;

export function createPersistentConnection<Kind extends Connection>(
  deps: PersistentConnectionDeps<Kind>,
): PersistentConnection<Kind> {
  const { logIn, pace, clock, random } = deps;
  const closing = new AbortController();
  let current: Promise<Kind> | undefined;
  let logins = 0;
  let inVain = 0;
  let dueAt = -Infinity;
  let lastTrouble: Error | undefined;

  async function open(): Promise<Kind> {
    const waitMs = dueAt - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, closing.signal);
    const begunAt = clock.now();
    logins += 1;
    try {
      const connection = await logIn(closing.signal);
      void connection.lost.then((why) => {
        if (clock.now() - begunAt >= LASTING_MS) inVain = 0;
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
    lastTrouble = why;
    dueAt = begunAt + loginDelayMs(pace, why instanceof LoginRefusedError ? Infinity : inVain, random());
    inVain += 1;
  }

  return {
    async get() {
      closing.signal.throwIfAborted();
      const waitMs = dueAt - clock.now();
      if (current === undefined && waitMs > WORTH_WAITING_MS) {
        const words = `${lastTrouble?.message ?? ''} The next try is in ${Math.ceil(waitMs / 1000)} s.`;
        throw new HostUnreachableError(words, { cause: lastTrouble });
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
