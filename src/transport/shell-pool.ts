// A pool of shells on one connection, limited to as many sessions as the server allows.
import { systemClock, type Clock } from '../base/clock.ts';

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
   * @throws MaxSessionsError if the server opens no session at all; the signal's reason if it aborts before the work starts
   */
  lend<Result>(work: (shell: Shell) => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

/** Attempts for the only session, and the pause between them. */
const MAX_REFUSALS = 5;
const REFUSAL_PAUSE_MS = 200;

/** @param max the number of shells; lowered once the server refuses another one */
export function createShellPool<Shell extends PooledShell>(
  open: () => Promise<Shell>,
  max: number,
  clock: Clock = systemClock,
): ShellPool<Shell> {
  let limit = max;
  let lent = 0;
  let idle: Shell[] = [];
  const waiting: (() => void)[] = [];

  /** Resolves when a shell may be lent, and counts it. */
  async function waitForTurn(signal: AbortSignal, isFirst: boolean): Promise<void> {
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
        await waitForTurn(signal, isFirst);
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
          if (lent > 1) limit = lent - 1;
          else if ((refusals += 1) === MAX_REFUSALS) throw error;
          else await clock.sleep(REFUSAL_PAUSE_MS, signal);
        } finally {
          endTurn();
        }
      }
    },
  };
}
