// Limits how many of Slurm's commands run at the same time, so that no mapped user's commands keep those of other users waiting.
import { setMaxListeners } from 'node:events';
import { sleepUnlessStopped, type Clock } from './clock.ts';

export interface SlotRequest {
  /** The Unix user that the command runs as, through sudo; undefined for the user of the daemon. */
  readonly user: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UserSlots {
  /**
   * Runs the call when a slot is free, in the order of the requests. A mapped user has only so many calls at a time; later calls of this
   * user let those of others pass. Rejects with the signal's reason if it is aborted before.
   */
  run<Result>(call: () => Promise<Result>, request: SlotRequest): Promise<Result>;
}

interface Waiting {
  readonly user: string | undefined;
  readonly proceed: () => void;
}

/** A mapped user can stop a command. One that takes longer keeps no other from a slot: it hardly keeps the controller busy. */
const HOLDS_SLOT_MS = 5_000;

/** @param perUser how many calls a mapped user may have at a time */
export function createUserSlots(count: number, clock: Pick<Clock, 'sleep'>, perUser = 1): UserSlots {
  let free = count;
  /** The running calls of each mapped user. */
  const active = new Map<string | undefined, number>();
  const waiting: Waiting[] = [];

  function activeOf(user: string | undefined): number {
    return active.get(user) ?? 0;
  }

  function startNext(): void {
    while (free > 0) {
      const at = waiting.findIndex(({ user }) => user === undefined || activeOf(user) < perUser);
      const [next] = at < 0 ? [] : waiting.splice(at, 1);
      if (next === undefined) return;
      free -= 1;
      active.set(next.user, activeOf(next.user) + 1);
      next.proceed();
    }
  }

  function acquire({ user, signal }: SlotRequest): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const request: Waiting = {
        user,
        proceed() {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      function giveUp(): void {
        waiting.splice(waiting.indexOf(request), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }));
      }
      waiting.push(request);
      // The lists of all mapped users listen to it.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener('abort', giveUp, { once: true });
      startNext();
    });
  }

  return {
    async run(call, request) {
      await acquire(request);
      const ended = new AbortController();
      let hasSlot = true;

      function returnSlot(): void {
        if (!hasSlot) return;
        hasSlot = false;
        free += 1;
        startNext();
      }

      if (request.user !== undefined)
        void sleepUnlessStopped(clock, HOLDS_SLOT_MS, ended.signal).then((isLong) => isLong && returnSlot());
      try {
        return await call();
      } finally {
        ended.abort();
        active.set(request.user, activeOf(request.user) - 1);
        returnSlot();
        startNext();
      }
    },
  };
}
