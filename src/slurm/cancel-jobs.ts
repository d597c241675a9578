// Cancels jobs by scancel, each by its id and name together. No Unix user waits for a failing scancel of another.
import { groupBy } from '../base/group-by.ts';
import { inParallel } from '../base/concurrency-limit.ts';
import type { Logger } from '../log/logger.ts';
import type { CommandResult } from '../transport/transport.ts';
import type { JobKey, Scheduler } from './scheduler.ts';
import { isTransportError, failureMessage, oneLine } from './errors.ts';

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
    const byUser = groupBy(jobs, ({ unixUser }) => unixUser);
    await Promise.all([...byUser].map(([user, its]) => cancelOfUser(its, user, signal)));
  };
}

/** Why a job was not cancelled. */
export interface CancelFailure {
  readonly words: string;
  /** Says nothing about other jobs. */
  readonly isOfOneJob: boolean;
}

/**
 * The arguments that cancel the job with this id only if it has this name: after a controller crash another job may have its id.
 * Since Slurm 24.05, `--ctld` lets the controller compare both as it cancels. Older releases ignore it: their scancel compares
 * both itself, just before. Never without an id: scancel as root applies a name to the jobs of all users.
 */
export function scancelArgs({ id, name }: JobKey): string[] {
  return ['--ctld', `--name=${name}`, id];
}

/** The job has ended and is forgotten, or another job has its id: nothing is left to cancel. */
const IS_GONE = /Invalid job id specified|Job name .* != filter name/s;
const OF_ONE_JOB = 'Kill job error on job id';

/** undefined if scancel found nothing wrong, which does not prove that the job ends. With `--ctld` an error of one job has exit code 0. */
export function parseScancel(result: CommandResult): CancelFailure | undefined {
  const { exitCode, stderr } = result;
  const isOfOneJob = stderr.includes(OF_ONE_JOB);
  if (IS_GONE.test(stderr) || (exitCode === 0 && !isOfOneJob)) return undefined;
  return { words: exitCode === 0 ? oneLine(stderr) : failureMessage('scancel', result), isOfOneJob };
}
