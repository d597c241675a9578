// The decision table: from what one round saw of one task to what is to be done. Pure; each row has a test.
import { attemptOf } from '../../slurm/job-name.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { withOwner, type Entry } from '../journal/entry.ts';
import type { Action } from './action.ts';
import { decideAbsent } from './absent.ts';
import { decideEnded } from './ended.ts';
import { decideRunning } from './running.ts';
import type { Observation } from './observation.ts';
import { decideWaiting, isWaiting } from './waiting.ts';
import { ranAs } from './ownership.ts';

/**
 * What to do about one task whose job is known, after a good poll.
 * Deciding twice from the same facts is harmless, and a decision that could not be carried out is made again next round.
 */
export function decide(observation: Observation): Action[] {
  // Whether a task that waits is still wanted is told by where its entry is.
  if (observation.place === 'unknown' && observation.task?.status === 'queued') return [];
  const kept = chooseJob(observation);
  if (kept === undefined) return decideAbsent(observation);
  if (!isLive(kept.state)) return decideEnded(kept, observation);

  // While the entry is there, one that waits may start and take the task before our scancel comes, which would end both. Of two
  // that wait one is cancelled all the same, for they may wait for days; where one runs, the gate is about to decide.
  const isUndecided = !isWaiting(kept) && observation.place === 'parked';
  const extra = isUndecided ? [] : observation.jobs.filter((job) => job !== kept && isWaiting(job));
  return [
    ...recordJob(kept, observation),
    ...(extra.length === 0
      ? []
      : [{ do: 'cancel', jobIds: extra.map((job) => job.id), why: `job ${kept.id} has the task` } as const]),
    ...(isWaiting(kept) ? decideWaiting(kept, observation) : decideRunning(kept, observation)),
  ];
}

/** Which job it is; whatever an earlier round saw of an absence or an end, or did to another job, is over. */
function recordJob(job: Job, { entry }: Observation): Action[] {
  const isOther = job.id !== entry.jobId;
  if (!isOther && entry.absentSince === undefined && entry.endSeenAt === undefined) return [];
  const cancelledFor = entry.cancelledExtras?.includes(job.id) === true ? 'another job had the task' : undefined;
  const which = isOther
    ? { jobId: job.id, attempt: attemptOf(job.name), cancelledFor, cancelledAt: undefined, neverStartsSince: undefined }
    : {};
  return [
    { do: 'note', patch: { ...which, ...withOwner(entry, job.id), absentSince: undefined, endSeenAt: undefined } },
  ];
}

/** What it takes to tell which job is the task's. */
interface Candidates extends Pick<Observation, 'jobs' | 'task'> {
  readonly entry: Pick<Entry, 'jobId' | 'attempt' | 'cancelledExtras'>;
}

/** Of all jobs under the task's names the one that counts: one that lives before one that has ended. */
export function chooseJob(observation: Candidates): Job | undefined {
  const live = observation.jobs.filter((job) => isLive(job.state));
  return chooseLive(live, observation) ?? chooseEnded(observation);
}

/**
 * Of several live jobs of one task: the one that runs it, else one that runs, else the oldest. One that we have cancelled as
 * an extra one is on its way out: it may have started before Slurm heard of that, but the other must not be cancelled for it.
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
 * Of several ended jobs: the one that ran the task, else the one that we followed, else the newest attempt.
 * Attempts are made in the order of their names; what is older than ours belongs to an earlier life of the task. The end of
 * an extra job that we have cancelled says nothing about the task.
 */
function chooseEnded({ jobs, task, entry }: Candidates): Job | undefined {
  const isExtra = (job: Job): boolean =>
    job.id !== entry.jobId && !ranAs(task, job) && entry.cancelledExtras?.includes(job.id) === true;
  const ours = jobs.filter(
    (job) => !isExtra(job) && (job.id === entry.jobId || attemptOf(job.name) >= (entry.attempt ?? '~')),
  );
  const rank = (job: Job): number => (ranAs(task, job) ? 0 : job.id === entry.jobId ? 1 : 2);
  return ours.sort((a, b) => rank(a) - rank(b) || (attemptOf(a.name) < attemptOf(b.name) ? 1 : -1))[0];
}
