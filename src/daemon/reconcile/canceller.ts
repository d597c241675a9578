// Cancels jobs: what is recorded before, and the calls beside the passes, because scancel may hang.
import { waitAtMost } from '../../base/clock.ts';
import { groupBy } from '../../base/group-by.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job, JobId, JobKey } from '../../slurm/scheduler.ts';
import type { Asker, AuditEvent } from '../audit/audit-line.ts';
import { notify } from '../console/write-to-console.ts';
import type { Observation } from '../decide/observation.ts';
import { isAskedToStop } from '../decide/recognize-abort.ts';
import { NOT_ENDED_IN_TIME, REMOVED_BY_USER } from '../decide/shared-actions.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { isCancelDue, withCancelled, type CancelRecord } from './cancel-again.ts';

type CancelBasis = Pick<Observation, 'task' | 'place'>;

/** False if no response came. */
export function recordOnTask(deps: DaemonDeps, { id }: Task, value: string): Promise<boolean> {
  return notify(deps, id, () => deps.clearml.tasks.setProperties(id, { slurm_cancelled: value }));
}

export async function requestCancel(
  { log, audit }: DaemonDeps,
  cancel: Map<JobId, JobKey>,
  { task, queueName: queue, jobId }: Entry,
  { jobs, why, seen }: { readonly jobs: readonly Job[]; readonly why: string; readonly seen: CancelBasis },
): Promise<void> {
  const ids = jobs.map(({ id }) => id);
  if (ids.length > 0) await announce({ log, audit }, { task, queue, jobs: ids, by: askerOf(seen, why), why });
  else
    log.info(
      'Not cancelling the job of another Unix user: the job ends at the gate, or when the agent of the task exits',
      {
        task,
        job: jobId,
        why,
      },
    );
  for (const job of jobs) cancel.set(job.id, job);
}

async function announce(
  { log, audit }: Pick<DaemonDeps, 'log' | 'audit'>,
  cancelling: Omit<Extract<AuditEvent, { readonly event: 'cancelling' }>, 'event'>,
): Promise<void> {
  const { task, jobs, why } = cancelling;
  log.info('Cancelling', { task, job: jobs.join(','), why });
  await audit.write({ event: 'cancelling', ...cancelling });
}

/** Whether a user's action on the task is why its job is not wanted. */
function askerOf({ task, place }: CancelBasis, why: string): Asker {
  if (task === undefined || task.archived || why === REMOVED_BY_USER || why === NOT_ENDED_IN_TIME) return 'user';
  if (task.status === 'stopped' || task.status === 'created' || isAskedToStop(task)) return 'user';
  return task.status === 'queued' && (place === 'own queue' || place === 'another queue') ? 'user' : 'daemon';
}

type UnixUserName = JobKey['unixUser'];

/** Beside the passes: a slow or hanging scancel delays only the next cancellations for the same Unix user. */
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
      const all = [...groupBy(jobs, ({ unixUser }) => unixUser)].map(([user, its]) => start(user, its, signal));
      await waitAtMost(clock, WAIT_MS, Promise.all(all), signal);
    },
    async finish() {
      await Promise.all(running.values());
    },
  };
}

const NOT_TRACKED = 'the job belongs to no task that this daemon tracks';

/**
 * Returns the function that cancels jobs of untracked tasks, such as a second job of a task that another one runs. Each pass finds such a
 * job until it has ended: it is cancelled again as those of tracked tasks.
 */
export function createUnwantedJobCanceller(
  { audit, clock, log }: Pick<DaemonDeps, 'audit' | 'clock' | 'log'>,
  canceller: Canceller,
): (unwanted: readonly { readonly task: TaskId; readonly job: Job }[], signal: AbortSignal) => Promise<void> {
  let cancelled: ReadonlyMap<JobId, CancelRecord> = new Map();

  return async (unwanted, signal) => {
    const records = new Map<JobId, CancelRecord>();
    const due: Job[] = [];
    for (const { task, job } of unwanted) {
      const cancel = { do: 'cancel', jobIds: [job.id], why: NOT_TRACKED } as const;
      const record = cancelled.get(job.id) ?? { jobId: job.id };
      const isDue = canceller.mayCancel(job.unixUser) && isCancelDue(record, cancel, clock.now());
      records.set(job.id, isDue ? withCancelled(record, cancel, clock.now()) : record);
      if (!isDue) continue;
      due.push(job);
      await announce({ log, audit }, { task, jobs: [job.id], by: 'daemon', why: NOT_TRACKED });
    }
    if (due.length > 0) await canceller.cancel(due, signal);
    cancelled = records;
  };
}
