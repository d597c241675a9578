// A pool of shells on one connection, limited to as many sessions as the server allows.
import { systemClock, type Clock } from '../base/clock.ts';
import { elapsedMs } from '../base/past-time.ts';

/** Thrown if the server opens no more sessions on this connection: nothing ran. */
export class MaxSessionsError extends Error {
  override readonly name = 'MaxSessionsError';
}

export interface PooledShell {
  /** Whether it can run another command. */
  isUsable(): boolean;
}

export interface ShellPool<Shell extends PooledShell> {
  /**
   * Runs the work with a shell, in the order of calls.
   * @param isAsUser whether it runs a command as another user, who may stop it: such commands leave shells for the others
   * @throws MaxSessionsError if the server opens no session at all; the signal's reason if it aborts before the work starts
   */
  lend<Result>(work: (shell: Shell) => Promise<Result>, signal: AbortSignal, isAsUser?: boolean): Promise<Result>;
}

interface TurnOptions {
  readonly isAsUser: boolean;
  /** Before all that wait. */
  readonly isFirst: boolean;
}

interface Waiting extends Pick<TurnOptions, 'isAsUser'> {
  readonly proceed: () => void;
}

/** Attempts for the only session, and the pause between them. */
const MAX_REFUSALS = 5;
const REFUSAL_PAUSE_MS = 200;

/** The server may have counted sessions of commands that have ended since. */
const REFUSAL_COUNTS_MS = 600_000;

/** For commands as the user of the login. */
const RESERVED = 2;
/** Further shells from the first command as another user on: together fewer than sshd permits by default. */
const MORE_FOR_USERS = 4;

/** @param max the number of shells; fewer for a while once the server refuses another one */
export function createShellPool<Shell extends PooledShell>(
  open: () => Promise<Shell>,
  max: number,
  clock: Clock = systemClock,
): ShellPool<Shell> {
  let full = max;
  let refusal: { readonly at: number; readonly limit: number } | undefined;
  let lent = 0;
  let lentAsUsers = 0;
  let hasUsers = false;
  let idle: Shell[] = [];
  const waiting: Waiting[] = [];

  function limit(): number {
    return refusal !== undefined && elapsedMs(refusal.at, clock.now()) < REFUSAL_COUNTS_MS ? refusal.limit : full;
  }

  function mayStart({ isAsUser }: Pick<Waiting, 'isAsUser'>): boolean {
    return lent < limit() && (!isAsUser || lentAsUsers < Math.max(1, limit() - RESERVED));
  }

  function startWaiting(): void {
    for (let at = waiting.findIndex(mayStart); at >= 0; at = waiting.findIndex(mayStart)) {
      const [next] = waiting.splice(at, 1);
      lent += 1;
      if (next?.isAsUser === true) lentAsUsers += 1;
      next?.proceed();
    }
  }

  /** Resolves when a shell may be lent, and counts it. */
  async function waitForTurn(signal: AbortSignal, { isFirst, isAsUser }: TurnOptions): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const request: Waiting = {
        isAsUser,
        proceed() {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(request), 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
      };
      if (isFirst) waiting.unshift(request);
      else waiting.push(request);
      signal.addEventListener('abort', giveUp, { once: true });
      startWaiting();
    });
  }

  function endTurn(isAsUser: boolean): void {
    lent -= 1;
    if (isAsUser) lentAsUsers -= 1;
    startWaiting();
  }

  return {
    async lend(work, signal, isAsUser = false) {
      if (isAsUser && !hasUsers) full += Math.min(max, MORE_FOR_USERS);
      hasUsers ||= isAsUser;
      let refusals = 0;
      for (let isFirst = false; ; isFirst = true) {
        await waitForTurn(signal, { isFirst, isAsUser });
        try {
          idle = idle.filter((shell) => shell.isUsable());
          const shell = idle.pop() ?? (await open());
          try {
            return await work(shell);
          } finally {
            if (shell.isUsable()) idle.push(shell);
          }
        } catch (error) {
          if (!(error instanceof MaxSessionsError)) throw error;
          // Other shells are in use: wait for one of them. Otherwise the server may still count one that has ended.
          if (lent > 1) refusal = { at: clock.now(), limit: lent - 1 };
          else if ((refusals += 1) === MAX_REFUSALS) throw error;
          else await clock.sleep(REFUSAL_PAUSE_MS, signal);
        } finally {
          endTurn(isAsUser);
        }
      }
    },
  };
}
