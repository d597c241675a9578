// The decision table: maps the observation of one task to actions. Pure; each row has a test.
// Each event has rows for each state of the job:
// - A user aborts the task: `decidePending`, `watch` (running-job.ts), `decideStillInProgress` (ended-job.ts), `decideLost` (absent-job.ts).
// - A user resets, deletes or archives the task: `decidePending` and `watch` cancel the job; `decideEnded` and `decideAbsent` forget the task.
// - A user enqueues the task again: `decideMoved` (pending-job.ts), `watch`, `decideStillQueued` (ended-job.ts), `decideAbsent`.
// - A user removes the task from the scheduler queue: `decideRemoved` (pending-job.ts) cancels the job, and after its end
//   `isRemovedByUser` (shared-actions.ts) leads to `dequeue`.
// - Slurm requeues the job: `decideRequeued` (pending-job.ts), or `isBackAtGate` (who-runs-the-task.ts) if the job has started again since.
// - The job reaches its time limit: `mayRunAfterTimeout` (ended-job.ts).
import { attemptOf } from '../../slurm/job-name.ts';
import { isLive, isWaiting } from '../../slurm/job-state.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { withOwner, type Entry } from '../journal/entry.ts';
import type { Action } from './action.ts';
import { decideAbsent } from './absent-job.ts';
import { decideEnded } from './ended-job.ts';
import { decideRunning } from './running-job.ts';
import type { Observation } from './observation.ts';
import { decidePending } from './pending-job.ts';
import { ANOTHER_JOB, isOnlyKnownJob } from './shared-actions.ts';
import { withCancelledExtra, withRecordedCancellations } from './recorded-cancellations.ts';
import { isBackAtGate, isGateClosed, ranAs } from './who-runs-the-task.ts';

/**
 * Returns the actions for one tracked task. Deciding twice from the same observation is harmless, and the next pass repeats a decision
 * that could not be carried out.
 */
export function decide(seen: Observation): Action[] {
  const observation = withRecordedCancellations(seen);
  // Only the queue of its entry shows whether a queued task is still wanted.
  if (observation.place === 'unknown' && observation.task?.status === 'queued') return [];
  const kept = chooseJob(observation);
  if (kept === undefined) return decideAbsent(observation);
  if (!isLive(kept.state)) return decideEndedOrAnother(kept, withCancelledExtra(kept, observation));

  // While the task is parked, a pending extra job may start and take the task before our scancel reaches it: both jobs would end. If one
  // job runs, its gate decides soon, so nothing is cancelled. If both are pending, one is cancelled anyway, because they may wait for days.
  const isUndecided = !isWaiting(kept) && observation.place === 'parked';
  const extra = isUndecided ? [] : observation.jobs.filter((job) => job !== kept && isWaiting(job));
  return [
    ...recordJob(kept, observation),
    ...(extra.length === 0
      ? []
      : [{ do: 'cancel', jobIds: extra.map((job) => job.id), why: `${ANOTHER_JOB}, ${kept.id}` } as const]),
    ...(isWaiting(kept) ? decidePending(kept, observation) : decideRunning(kept, observation)),
  ];
}

/** A task in progress was not started by a job that found the gate closed: if another job of the task has ended, that one counts. */
function decideEndedOrAnother(job: Job, observation: Observation): Action[] {
  const { task, record, entry, foundGateClosed = [] } = observation;
  if (task?.status === 'in_progress' && isGateClosed(job, record) && !isBackAtGate(job, record) && !ranAs(task, job)) {
    const other = chooseEnded({ ...observation, foundGateClosed: [...foundGateClosed, job.id] });
    if (other !== undefined && other.id !== job.id && !foundGateClosed.includes(other.id))
      return [{ do: 'read-record', jobId: other.id }];
  }
  const actions = decideEnded(job, observation);
  if (foundGateClosed.length === 0 || job.id === entry.jobId) return actions;
  return [
    { do: 'note', patch: { jobId: job.id, attempt: attemptOf(job.name), ...withOwner(entry, job.id) } },
    ...actions,
  ];
}

/** Records the job's id, and clears the absence, end or other job that an earlier pass recorded. */
function recordJob(job: Job, { entry }: Observation): Action[] {
  const isOther = job.id !== entry.jobId;
  if (!isOther && entry.absentSince === undefined && entry.endSeenAt === undefined) return [];
  const cancelledFor = entry.cancelledExtras?.includes(job.id) === true ? ANOTHER_JOB : undefined;
  const which = isOther
    ? {
        jobId: job.id,
        attempt: attemptOf(job.name),
        cancelledFor,
        cancelledAt: undefined,
        neverStartsSince: undefined,
        ...(isOnlyKnownJob(job, entry) ? {} : { mayBeUnparked: true }),
      }
    : {};
  return [
    {
      do: 'note',
      patch: {
        ...which,
        ...withOwner(entry, job.id),
        absentSince: undefined,
        endSeenAt: undefined,
        wasTakenAtEnd: undefined,
      },
    },
  ];
}

/** What determines which job is the task's. */
interface Candidates extends Pick<Observation, 'jobs' | 'task' | 'foundGateClosed'> {
  readonly entry: Pick<Entry, 'jobId' | 'attempt' | 'cancelledExtras'>;
}

/** Returns the job that counts among all jobs under the task's job names: a live one before an ended one. */
export function chooseJob(observation: Candidates): Job | undefined {
  const live = observation.jobs.filter((job) => isLive(job.state));
  return chooseLive(live, observation) ?? chooseEnded(observation);
}

/**
 * Returns the live job that runs the task, else a running one, else the oldest. A job that we cancelled as an extra comes last: it may
 * have started before the cancellation reached Slurm, but the other job must not be cancelled in its favor.
 */
function chooseLive(live: readonly Job[], { task, entry }: Candidates): Job | undefined {
  const rank = (job: Job): number => {
    if (!isWaiting(job) && ranAs(task, job)) return 0;
    if (entry.cancelledExtras?.includes(job.id) === true) return 3;
    return isWaiting(job) ? 2 : 1;
  };
  return [...live].sort((a, b) => rank(a) - rank(b) || Number(a.id) - Number(b.id))[0];
}

/**
 * Returns the ended job that ran the task, else the tracked one, else the newest attempt. Attempt names sort by time; attempts older
 * than ours belong to an earlier run of the task. The end of an extra job that we cancelled says nothing about the task, nor does that of
 * a job that found the gate closed.
 */
function chooseEnded({ jobs, task, entry, foundGateClosed }: Candidates): Job | undefined {
  const isExtra = (job: Job): boolean =>
    job.id !== entry.jobId && !ranAs(task, job) && entry.cancelledExtras?.includes(job.id) === true;
  const ours = jobs.filter(
    (job) => !isExtra(job) && (job.id === entry.jobId || attemptOf(job.name) >= (entry.attempt ?? '~')),
  );
  const rank = (job: Job): number => {
    if (ranAs(task, job)) return 0;
    if (foundGateClosed?.includes(job.id) === true) return 3;
    return job.id === entry.jobId ? 1 : 2;
  };
  return ours.sort((a, b) => rank(a) - rank(b) || (attemptOf(a.name) < attemptOf(b.name) ? 1 : -1))[0];
}
