// Cancels jobs that belong to no tracked task, such as a second job of a task that another one runs.
import type { Job, JobId } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import { isCancelDue, withCancelled, type CancelRecord } from '../reconcile/cancel-again.ts';
import type { Canceller } from '../reconcile/canceller.ts';
import type { Untracked } from './find-untracked-tasks.ts';

export type UnwantedJob = Extract<Untracked, { readonly kind: 'unwanted job' }>;

const WHY = 'the job belongs to no task that this daemon tracks';

/** Returns the function that cancels these jobs. Each pass finds a job until it has ended: it is cancelled again as those of tracked tasks. */
export function createUnwantedJobCanceller(
  { audit, clock, log }: Pick<DaemonDeps, 'audit' | 'clock' | 'log'>,
  canceller: Canceller,
): (unwanted: readonly UnwantedJob[], signal: AbortSignal) => Promise<void> {
  let cancelled: ReadonlyMap<JobId, CancelRecord> = new Map();

  return async (unwanted, signal) => {
    const records = new Map<JobId, CancelRecord>();
    const due: Job[] = [];
    for (const { task, job } of unwanted) {
      const cancel = { do: 'cancel', jobIds: [job.id], why: WHY } as const;
      const record = cancelled.get(job.id) ?? { jobId: job.id };
      const isDue = canceller.mayCancel(job.unixUser) && isCancelDue(record, cancel, clock.now());
      records.set(job.id, isDue ? withCancelled(record, cancel, clock.now()) : record);
      if (!isDue) continue;
      due.push(job);
      log.info('Cancelling', { task, job: job.id, why: WHY });
      await audit.write({ event: 'cancelling', task, jobs: [job.id], by: 'daemon', why: WHY });
    }
    if (due.length > 0) await canceller.cancel(due, signal);
    cancelled = records;
  };
}
