// Cancels jobs, each by its id and name together; see scancel.ts. No Unix user waits for a failing scancel of another.
import { inParallel } from '../base/concurrency-limit.ts';
import type { Logger } from '../log/logger.ts';
import type { CommandResult } from '../transport/transport.ts';
import { isTransportError } from './map-transport-errors.ts';
import { parseScancel, scancelArgs } from './scancel.ts';
import type { JobKey, Scheduler } from './scheduler.ts';

export interface JobCancellerDeps {
  readonly scancel: (args: readonly string[], signal?: AbortSignal, runAs?: string) => Promise<CommandResult>;
  readonly log: Logger;
}

/** More calls are not faster: the controller processes one at a time. */
export const CANCELS_AT_ONCE = 4;

export function createJobCanceller({ scancel, log }: JobCancellerDeps): Scheduler['cancel'] {
  /** The first job shows whether scancel works; then several at once. */
  async function cancelOfUser(
    [first, ...rest]: readonly JobKey[],
    user: string | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const left = new Set(rest);
    let hasFailed = false;

    async function cancelOne(job: JobKey): Promise<void> {
      if (hasFailed) return;
      left.delete(job);
      const failure = await scancel(scancelArgs(job), signal, user).then(parseScancel, (error: unknown) => {
        if (isTransportError(error)) return { words: error.message, isOfOneJob: false };
        throw error;
      });
      if (failure === undefined) return;
      // Each further call would wait as long for the same failure; a later pass cancels again.
      if (!failure.isOfOneJob) hasFailed = true;
      const failed = failure.isOfOneJob ? [job] : [job, ...left];
      log.warn('Jobs could not be cancelled', { job: failed.map(({ id }) => id).join(','), slurm: failure.words });
    }

    if (first === undefined) return;
    await cancelOne(first);
    await inParallel(rest, CANCELS_AT_ONCE, cancelOne);
  }

  return async (jobs, signal) => {
    const users = [...new Set(jobs.map(({ unixUser }) => unixUser))];
    await Promise.all(
      users.map((user) =>
        cancelOfUser(
          jobs.filter(({ unixUser }) => unixUser === user),
          user,
          signal,
        ),
      ),
    );
  };
}
