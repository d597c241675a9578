// Rows of the decision table for an ended job: the status that the agent set counts; without one, Slurm's state does.
import { pastTime } from '../../base/past-time.ts';
import { isQueuedOrRunning, type Task } from '../../clearml/task.ts';
import { attemptOf, parseMark } from '../../slurm/job-name.ts';
import { isEndedByCluster } from '../../slurm/job-state.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import { isAborted, isStoppedByTerm } from './recognize-abort.ts';
import { isBackAtGate, isGateClosed, isEnqueuedElsewhere, mayRunElsewhere, ranAs } from './who-runs-the-task.ts';
import { AFTER_COMPLETION, hasRanks } from '../console/ranks.ts';
import { describeRefusal } from '../console/console-messages.ts';
import {
  describeEnd,
  describeEndBeforeTask,
  describeNeverStarted,
  describeNotResubmitted,
} from '../end/describe-end.ts';
import type { Action, Ending } from './action.ts';
import {
  CLOCKS_DIFFER_MS,
  dequeue,
  end,
  forget,
  isCancelledAsExtra,
  isRemovedByUser,
  resubmitOrFail,
} from './shared-actions.ts';
import type { Observation } from './observation.ts';

export function decideEnded(job: Job, observation: Observation): Action[] {
  const { task, place, record } = observation;
  if (task === undefined) return forget(place);
  // If the agent could not clone the code, the job completes although its task failed: the record names the log with the cause. If the
  // job has several nodes, the log shows whether all ranks ran.
  const isClear =
    !isQueuedOrRunning(task) && task.status !== 'failed' && job.state === 'COMPLETED' && !mayHaveIdleRanks(job, task);
  if (record === undefined && !isClear) return [{ do: 'read-record', jobId: job.id }];

  switch (task.status) {
    case 'queued':
      return decideStillQueued(job, observation);
    case 'in_progress':
      return decideStillInProgress(job, task, observation);
    case 'stopped':
      return decideStopped(job, task, observation);
    default:
      return finish(job, observation);
  }
}

function decideStillQueued(job: Job, observation: Observation): Action[] {
  const { entry, place, hasEntry, hasPeers } = observation;
  if (place === 'own queue' || place === 'another queue')
    return [...(hasEntry === true ? ([{ do: 'remove-entry' }] as const) : []), { do: 'forget' }];

  // The daemon was interrupted before the new attempt.
  if (job.state === 'TIMEOUT' && entry.timedOutJobs?.includes(job.id) === true) {
    const why = describeTimeout(job);
    if (place === 'parked') return resubmitOrFail(why, observation);
    if (place === 'nowhere') return afterGrace(observation, [{ do: 'return-to-queue', why }]);
  }
  // Also if the job had started before it was cancelled, and found no entry.
  const isByUser = isRemovedByUser(observation);
  if (isByUser && (job.state === 'CANCELLED' || isGateClosed(job, observation.record)))
    return afterGrace(observation, [dequeue(entry)]);
  if (place === 'parked' && entry.cancelledFor === undefined && isOfEarlierClaim(job, observation))
    return afterGrace(
      observation,
      resubmitOrFail(`the task was claimed again after job ${job.id} had ended`, observation),
    );
  if (job.state === 'CANCELLED') {
    if (entry.cancelledFor === undefined) {
      const ends = [end(cancelled(job, observation))];
      return mayPeerHaveCancelled(job, observation) ? afterGrace(observation, ends) : ends;
    }
    return [{ do: 'return-to-queue', why: `the task's job ${job.id} was cancelled because ${entry.cancelledFor}` }];
  }
  if (isGateClosed(job, observation.record)) {
    if (place === 'parked')
      return resubmitOrFail(`job ${job.id} did not find the task in the scheduler queue`, observation);
    return afterGrace(observation, [
      { do: 'return-to-queue', why: `job ${job.id} did not find the task in the scheduler queue` },
    ]);
  }
  if (isRefusal(job)) {
    const text = describeRefusal(job.reason ?? job.stateWord, entry.queueName);
    return [end({ status: 'failed', reason: 'rejected by Slurm', text, withLog: false })];
  }
  if (place === 'parked' && isEndedByCluster(job.state))
    return afterGrace(observation, resubmitOrFail(describeEndBeforeTask(job), observation));
  if (place === 'parked' && mayNeverHaveBegun(job, observation)) {
    if (observation.hasBegun === undefined) return [{ do: 'read-log', jobId: job.id }];
    const why = `Slurm ended job ${job.id} before its script began`;
    if (observation.hasBegun === false) return afterGrace(observation, resubmitOrFail(why, observation));
  }
  const ending: Ending = {
    status: 'failed',
    reason: `Slurm ${job.stateWord}`,
    ...describeNeverStarted(job, recordOf(observation)),
    withLog: true,
  };
  // A peer may have claimed the task after a new enqueue and parked it, and its job may not be listed yet.
  if (place === 'parked') return hasPeers === true ? afterGrace(observation, [end(ending)]) : [end(ending)];
  // The list is old, and whether the job found the gate closed is not known: the next poll does not show the job.
  if (job.state === 'FAILED' && observation.record === 'gone' && observation.lookedUp !== true) return [];
  return afterGrace(observation, [end(ending)]);
}

/**
 * Whether the job looks as if a restarted slurmctld ended it: it had forgotten the start of the job, killed the script, and started the job
 * again in the same second, when slurmd rejected the credential ("Killing non-startable batch job" in src/slurmctld/agent.c). Slurm then
 * reports exit code 1, as for a script that failed, and no restart.
 */
function mayNeverHaveBegun(job: Job, observation: Observation): boolean {
  const record = recordOf(observation);
  return job.state === 'FAILED' && record?.exitCode === 1 && (record.exitSignal ?? 0) === 0;
}

/**
 * Whether the job ended before the task was parked: another daemon claimed it again, and may have lost its journal since. The end of
 * such a job says nothing about the task.
 */
function isOfEarlierClaim({ endedAt }: Job, { entry, parkedAt }: Observation): boolean {
  if (entry.wasTakenAtEnd === true) return true;
  return endedAt !== undefined && parkedAt !== undefined && endedAt + CLOCKS_DIFFER_MS < parkedAt;
}

function decideStillInProgress(job: Job, task: Task, observation: Observation): Action[] {
  if (isEnqueuedElsewhere(task, observation) && !ranAs(task, job)) return [{ do: 'forget' }];
  if (mayRunElsewhere(task, job, observation)) return [];

  const ended = describeEnd(job, recordOf(observation));
  if (isAborted(task, job, observation)) {
    return afterGrace(observation, [end(aborted(ended))]);
  }
  // Slurm restarted it before the task was parked again: the task must run again.
  if (isBackAtGate(job, observation.record)) {
    if (!isEnqueuedElsewhere(task, observation)) return parkAndResubmit(job, 'in_progress', observation);
    return [end({ status: 'failed', reason: 'requeued by Slurm', text: describeNotResubmitted(job), withLog: false })];
  }
  if (isCancelledAsExtra(job, observation.entry) && !isEnqueuedElsewhere(task, observation))
    return afterGrace(observation, resubmitAfterCancellation(job, 'in_progress', observation));
  if (job.state === 'CANCELLED') return afterGrace(observation, [end(cancelled(job, observation))]);
  if (mayRunAfterTimeout(job, observation) && !isEnqueuedElsewhere(task, observation))
    return afterGrace(observation, resubmitAfterTimeout(job, 'in_progress', observation));
  const status = job.state === 'COMPLETED' ? 'completed by the log' : 'failed';
  const ending: Ending = { status, reason: `Slurm ${job.stateWord}`, text: ended, withLog: true, ...rankOf(job) };
  return afterGrace(observation, [end(ending)]);
}

function aborted(ended: string): Ending {
  return { status: 'stopped', reason: 'aborted', text: `Aborted by the user. ${ended}`, withLog: false };
}

function decideStopped(job: Job, task: Task, observation: Observation): Action[] {
  // Only a status that this job's agent set on SIGTERM is corrected. A user's abort stays, even if the agent's status hides it.
  const { cancelledFor, stoppingSince } = observation.entry;
  const isByTerm = isStoppedByTerm(task) && ranAs(task, job) && !isEnqueuedElsewhere(task, observation);
  const isExtra = isCancelledAsExtra(job, observation.entry);
  const isWanted = (cancelledFor !== undefined && !isExtra) || stoppingSince !== undefined;
  // With the agent's reason for a SIGTERM, the task would be tracked and parked again once it is forgotten.
  if (isByTerm && stoppingSince !== undefined && isBackAtGate(job, observation.record))
    return [end(aborted(describeEnd(job, recordOf(observation))))];
  if (!isByTerm || isWanted || job.state === 'COMPLETED') return finish(job, observation);
  if (isBackAtGate(job, observation.record)) return parkAndResubmit(job, 'stopped', observation);
  if (isExtra) return resubmitAfterCancellation(job, 'stopped', observation);
  if (job.state === 'CANCELLED') return [end(cancelled(job, observation))];
  if (mayRunAfterTimeout(job, observation)) return resubmitAfterTimeout(job, 'stopped', observation);
  const text = describeEnd(job, recordOf(observation));
  return [end({ status: 'failed', reason: `Slurm ${job.stateWord}`, text, withLog: false, ...rankOf(job) })];
}

/** If one of several ranks died, Slurm ended the others, and the first of them took that for the user's abort. */
function rankOf(job: Job): Partial<Ending> {
  return isEndedByRank(job) ? { withLog: true, namesRank: true } : {};
}

function isEndedByRank(job: Job): boolean {
  return hasRanks(job) && (job.state === 'FAILED' || job.state === 'OUT_OF_MEMORY');
}

/** The last console line is written when everything else is done: losing it loses only a line. */
function finish(job: Job, observation: Observation): Action[] {
  const { entry, place, task } = observation;
  const level = job.state === 'COMPLETED' || entry.cancelledFor !== undefined ? 'INFO' : 'WARNING';
  const ended = describeEnd(job, recordOf(observation), entry.cancelledFor);
  const text = job.state === 'FAILED' && task?.status === 'completed' ? `${ended} ${AFTER_COMPLETION}` : ended;
  const hasLog = recordOf(observation) !== undefined;
  const namesRank = hasLog && isEndedByRank(job) ? { namesRank: true } : {};
  const withAdvice = hasLog && task?.status === 'failed' ? { withAdvice: true } : {};
  const withIdleRanks = hasLog && task !== undefined && mayHaveIdleRanks(job, task) ? { withIdleRanks: true } : {};
  return [...forget(place), { do: 'log', level, text, ...namesRank, ...withAdvice, ...withIdleRanks }];
}

/** The first rank completes the task, perhaps before the agents of other ranks have started. */
function mayHaveIdleRanks(job: Job, { status }: Task): boolean {
  return status === 'completed' && hasRanks(job);
}

function parkAndResubmit(job: Job, from: 'in_progress' | 'stopped', observation: Observation): Action[] {
  const why = `Slurm requeued job ${job.id}, and started it before the task was parked again`;
  return [{ do: 'park-again', from, after: 'requeued by Slurm' }, ...resubmitOrFail(why, observation)];
}

function resubmitAfterCancellation(job: Job, from: 'in_progress' | 'stopped', observation: Observation): Action[] {
  const why = describeEnd(job, recordOf(observation), observation.entry.cancelledFor).replace(/\.$/, '');
  return [{ do: 'park-again', from, after: 'cancelled extra job' }, ...resubmitOrFail(why, observation)];
}

/** Whether the job reached its time limit, and the queue permits another. A job that was counted before is not counted again. */
function mayRunAfterTimeout(job: Job, { entry, resubmitOnTimeout = 0 }: Observation): boolean {
  if (job.state !== 'TIMEOUT') return false;
  const { timedOutJobs = [] } = entry;
  return timedOutJobs.includes(job.id) || timedOutJobs.length < resubmitOnTimeout;
}

/** Noted first: if the daemon is interrupted then, the next pass continues with a task that is parked, or in no queue. */
function resubmitAfterTimeout(job: Job, from: 'in_progress' | 'stopped', { entry }: Observation): Action[] {
  const timedOutJobs = [...new Set([...(entry.timedOutJobs ?? []), job.id])];
  return [
    { do: 'note', patch: { timedOutJobs, attempts: 0 } },
    { do: 'park-again', from, after: 'time limit' },
    { do: 'resubmit', why: describeTimeout(job) },
  ];
}

function describeTimeout({ id }: Job): string {
  return `Slurm job ${id} reached its time limit`;
}

/** sbatch may reject a job and still leave a record of it: such a job never ran. */
function isRefusal(job: Job): boolean {
  return job.state === 'FAILED' && job.reason === 'BadConstraints';
}

/** A peer may have cancelled its own job and know why: it then returns the task to its queue, where we find it. */
function mayPeerHaveCancelled(job: Job, { hasPeers, mark }: Observation): boolean {
  return hasPeers === true && parseMark(attemptOf(job.name)) !== mark;
}

function cancelled(job: Job, observation: Observation): Ending {
  const why = observation.entry.cancelledFor;
  const text = describeEnd(job, recordOf(observation), why);
  if (why !== undefined) return { status: 'stopped', reason: 'cancelled', text, withLog: false };
  const ending: Ending = { status: 'stopped', reason: 'cancelled in Slurm', text, withLog: false };
  return job.nodes === undefined
    ? ending
    : { ...ending, withLog: true, atMemoryLimit: atMemoryLimit(job, observation) };
}

/**
 * With OverMemoryKill, slurmd cancels a job like a user would, and only the job's log tells the difference (src/slurmd/slurmd/job_mem_limit.c):
 * mostly slurmstepd is first, and kills the step, so that the job fails.
 */
function atMemoryLimit(job: Job, observation: Observation): Ending {
  const text = describeEnd({ ...job, state: 'OUT_OF_MEMORY' }, recordOf(observation));
  return { status: 'failed', reason: 'Slurm OUT_OF_MEMORY', text, withLog: true };
}

/** The agent's last request may arrive seconds after its process has ended: it has precedence until the grace period is over. */
function afterGrace({ entry, place, now, gracePeriods }: Observation, actions: Action[]): Action[] {
  const endSeenAt = pastTime(entry.endSeenAt, now);
  if (endSeenAt === undefined) {
    const taken = place === 'nowhere' ? { wasTakenAtEnd: true } : {};
    return [{ do: 'note', patch: { endSeenAt: now, ...taken } }];
  }
  return now - endSeenAt < gracePeriods.endMs ? [] : actions;
}

function recordOf({ record }: Observation): JobRecord | undefined {
  return record === 'gone' ? undefined : record;
}
