// Why a job waits: Slurm's reason, in the light of the job's state and partitions.
import { JOB_STATES } from '../job-state.ts';
import type { Job } from '../scheduler.ts';
import type { Reason } from './explain-limit-reason.ts';
import { explainReason, SPECIAL_EXIT } from './explain-reason.ts';

type WaitingJob = Pick<Job, 'state' | 'reason' | 'partition'>;

/** Reasons that keep a job from running in all its partitions; the limits of a QOS may be those of one partition. */
const OF_ALL_PARTITIONS = /^(?:DependencyNeverSatisfied|Invalid|Assoc)/;

/** Explains why a job waits. */
export function explainWait(job: WaitingJob): Reason {
  const { reason, state } = job;
  if (state === 'SPECIAL_EXIT') return SPECIAL_EXIT;
  // Slurm gives no reason for a job that it has started on nodes that still boot, or that it is about to requeue.
  if (reason === undefined && state !== 'PENDING' && state !== 'UNKNOWN')
    return { class: 'waits', explanation: JOB_STATES[state].meaning };
  const its = explainReason(reason);
  if (!isOfOnePartition(job)) return its;
  const advice =
    `${its.advice ?? ''} This is about one of its partitions: in another one, the job may start.`.trimStart();
  return { ...its, class: 'waits', advice };
}

/** Whether the job has several partitions: Slurm then shows the reason of the one that it considered last. */
function isOfOnePartition({ reason = '', partition }: WaitingJob): boolean {
  if (!partition.includes(',') || OF_ALL_PARTITIONS.test(reason)) return false;
  return /^Partition(?:Down|Inactive)/.test(reason) || explainReason(reason).class === 'never-runs';
}

/**
 * What a job waits for, as a short text to compare. Slurm's list of the unavailable nodes of the partition changes whenever one of them fails
 * or returns.
 */
export function whatItWaitsFor({ reason, state }: Pick<Job, 'reason' | 'state'>): string {
  if (reason === undefined) return state === 'PENDING' ? '' : state;
  return reason.replace(/(?<=\bUnavailableNodes:).*/s, '');
}

/**
 * Whether a user should see why the job waits, who has seen this text of `whatItWaitsFor`. Slurm's two schedulers alternate between a reason
 * and none, and between the reasons of several partitions, in each of their cycles.
 * @param shown undefined if the user has seen none
 */
export function isNewWait(job: WaitingJob, shown: string | undefined): boolean {
  if (shown === undefined || shown === '' || Object.hasOwn(JOB_STATES, shown)) return whatItWaitsFor(job) !== shown;
  if (whatItWaitsFor(job) === shown) return false;
  const saysLess = (job.state === 'PENDING' && job.reason === undefined) || isOfOnePartition(job);
  return !saysLess || explainWait({ ...job, reason: shown }).class !== 'waits';
}
