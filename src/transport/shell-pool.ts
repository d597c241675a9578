// The shells on one connection: opened when needed, kept for the next command, and never more than the server allows.
import { systemClock, type Clock } from '../base/clock.ts';

/** Thrown when a server opens no more sessions on this connection: surely nothing was run. */
export class MaxSessionsError extends Error {
  override readonly name = 'MaxSessionsError';
}

export interface PooledShell {
  /** Whether it can be given another command. */
  isUsable(): boolean;
}

export interface ShellPool<Shell extends PooledShell> {
  /**
   * Lends a shell to the work, in the order asked.
   * @throws MaxSessionsError when not even one can be had, the signal's reason when it is aborted before the work began
   */
  lend<Result>(work: (shell: Shell) => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

/** How often the only session is asked for, and how long after the last time. */
const MOST_REFUSALS = 5;
const REFUSAL_PAUSE_MS = 200;

/** @param most how many there may be; fewer from the moment on at which the server refuses one more */
export function createShellPool<Shell extends PooledShell>(
  open: () => Promise<Shell>,
  most: number,
  clock: Clock = systemClock,
): ShellPool<Shell> {
  let limit = most;
  let lent = 0;
  let idle: Shell[] = [];
  const waiting: (() => void)[] = [];

  /** Resolves when fewer than the limit are lent, and counts one more. */
  async function takeTurn(signal: AbortSignal, isFirst: boolean): Promise<void> {
    signal.throwIfAborted();
    if (lent < limit && waiting.length === 0) {
      lent += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const proceed = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(proceed), 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
      };
      if (isFirst) waiting.unshift(proceed);
      else waiting.push(proceed);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function endTurn(): void {
    lent -= 1;
    while (lent < limit && waiting.length > 0) {
      lent += 1;
      waiting.shift()?.();
    }
  }

  return {
    async lend(work, signal) {
      let refusals = 0;
      for (let isFirst = false; ; isFirst = true) {
        await takeTurn(signal, isFirst);
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
          // With others under way it is a matter of waiting for one of them; one that has ended may still count over there.
          if (lent > 1) limit = lent - 1;
          else if ((refusals += 1) === MOST_REFUSALS) throw error;
          else await clock.sleep(REFUSAL_PAUSE_MS, signal);
        } finally {
          endTurn();
        }
      }
    },
  };
}
