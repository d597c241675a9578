// Cancels jobs beside the passes: a slow or hanging scancel delays only the next cancellations for the same Unix user.
import { abortWith } from '../../base/abort-with.ts';
import { sleepUnlessStopped } from '../../base/clock.ts';
import type { JobKey } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';

type UnixUserName = JobKey['unixUser'];

export interface Canceller {
  /** False while jobs of this Unix user that an earlier pass decided to cancel are being cancelled. */
  readonly mayCancel: (user: UnixUserName) => boolean;
  /** Returns when these jobs are cancelled, or after a moment. */
  cancel(jobs: readonly JobKey[], signal: AbortSignal): Promise<void>;
  /** Resolves when nothing runs. */
  finish(): Promise<void>;
}

/** In which scancel cancels several hundred jobs. */
const WAIT_MS = 10_000;

export function createCanceller({ scheduler, clock, log }: Pick<DaemonDeps, 'scheduler' | 'clock' | 'log'>): Canceller {
  const running = new Map<UnixUserName, Promise<void>>();

  async function cancelOf(jobs: readonly JobKey[], signal: AbortSignal): Promise<void> {
    try {
      await scheduler.cancel(jobs, signal);
    } catch (error) {
      if (!signal.aborted) log.error('Could not cancel jobs', { job: jobs.map(({ id }) => id).join(','), err: error });
    }
  }

  function start(user: UnixUserName, jobs: readonly JobKey[], signal: AbortSignal): Promise<void> {
    const cancelling = cancelOf(jobs, signal).finally(() => {
      if (running.get(user) === cancelling) running.delete(user);
    });
    running.set(user, cancelling);
    return cancelling;
  }

  return {
    mayCancel: (user) => !running.has(user),
    async cancel(jobs, signal) {
      const users = [...new Set(jobs.map(({ unixUser }) => unixUser))];
      const all = users.map((user) => {
        const its = jobs.filter(({ unixUser }) => unixUser === user);
        return start(user, its, signal);
      });
      const over = new AbortController();
      const unlink = abortWith(over, [signal]);
      await Promise.race([Promise.all(all), sleepUnlessStopped(clock, WAIT_MS, over.signal)]);
      unlink();
      over.abort();
    },
    async finish() {
      await Promise.all(running.values());
    },
  };
}
