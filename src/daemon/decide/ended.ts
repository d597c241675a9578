// Rows of the table for a job that has ended: the agent's word counts, and where it is missing Slurm's does.
import type { Task } from '../../clearml/task.ts';
import { attemptOf, readMark } from '../../slurm/job-name.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from '../console/agent-messages.ts';
import { isBackAtGate, isGateClosed } from '../console/job-exit.ts';
import { AFTER_COMPLETION, hasRanks } from '../console/ranks.ts';
import { describeEnd, describeNeverBegan, describeNotRunAgain, describeRefusal } from '../console/console-messages.ts';
import type { Action, Ending } from './action.ts';
import { dequeue, end, isRemovedByUser, letGo, tryAgain } from './moves.ts';
import type { Sighting } from './observation.ts';
import { hasLeft, mayBeSomebodyElses, ranAs } from './whose.ts';

export function decideEnded(job: Job, sighting: Sighting): Action[] {
  const { task, place, record } = sighting;
  if (task === undefined) return letGo(place);
  const isOver = task.status !== 'queued' && task.status !== 'in_progress';
  // Where its agent could not clone the code, a job ends well although its task failed: the record names the log that tells why.
  const isClear = isOver && task.status !== 'failed' && job.state === 'COMPLETED';
  if (record === undefined && !isClear) return [{ do: 'ask-record', jobId: job.id }];

  switch (task.status) {
    case 'queued':
      return decideStillQueued(job, sighting);
    case 'in_progress':
      return decideStillInProgress(job, task, sighting);
    case 'stopped':
      return decideStopped(job, task, sighting);
    default:
      return done(job, sighting);
  }
}

function decideStillQueued(job: Job, sighting: Sighting): Action[] {
  const { entry, place, hasEntry } = sighting;
  if (place === 'own queue' || place === 'another queue')
    return [...(hasEntry === true ? ([{ do: 'take-entry' }] as const) : []), { do: 'forget' }];

  // Also where the job had started before it was cancelled, and found no entry.
  const isByUser = isRemovedByUser(sighting);
  if (isByUser && (job.state === 'CANCELLED' || isGateClosed(job, sighting.record)))
    return afterGrace(sighting, [dequeue(entry)]);
  if (job.state === 'CANCELLED') {
    if (entry.cancelledFor === undefined) {
      const ends = [end(cancelled(job, sighting))];
      return mayPeerHaveCancelled(job, sighting) ? afterGrace(sighting, ends) : ends;
    }
    return [{ do: 'give-back', why: `its job ${job.id} was cancelled: ${entry.cancelledFor}` }];
  }
  if (isGateClosed(job, sighting.record)) {
    if (place === 'parked') return tryAgain(`job ${job.id} found the task not ready to be run`, sighting);
    return afterGrace(sighting, [{ do: 'give-back', why: `job ${job.id} could not learn whether it had the task` }]);
  }
  if (isRefusal(job)) return [end(refused(describeRefusal(job.reason ?? job.stateWord, entry.queueName)))];
  const ending: Ending = {
    status: 'failed',
    reason: `Slurm ${job.stateWord}`,
    ...describeNeverBegan(job, recordOf(sighting)),
    withLog: true,
  };
  return place === 'parked' ? [end(ending)] : afterGrace(sighting, [end(ending)]);
}

function decideStillInProgress(job: Job, task: Task, sighting: Sighting): Action[] {
  if (hasLeft(task, sighting) && !ranAs(task, job)) return [{ do: 'forget' }];
  if (mayBeSomebodyElses(task, job, sighting)) return [];

  const words = describeEnd(job, recordOf(sighting));
  if (isAskedToStop(task)) {
    const text = `Aborted by the user. ${words}`;
    return afterGrace(sighting, [end({ status: 'stopped', reason: 'aborted', text, withLog: false })]);
  }
  // It came back before the task was parked again: the task is to run anew.
  if (isBackAtGate(job, sighting.record)) {
    if (!hasLeft(task, sighting)) return parkAndSubmit(job, 'in_progress', sighting);
    return [end({ status: 'failed', reason: 'put back by Slurm', text: describeNotRunAgain(job), withLog: false })];
  }
  if (job.state === 'CANCELLED') return afterGrace(sighting, [end(cancelled(job, sighting))]);
  const status = job.state === 'COMPLETED' ? 'completed by the log' : 'failed';
  const ending: Ending = { status, reason: `Slurm ${job.stateWord}`, text: words, withLog: true, ...rankOf(job) };
  return afterGrace(sighting, [end(ending)]);
}

function decideStopped(job: Job, task: Task, sighting: Sighting): Action[] {
  // Only the word of this job's agent on a SIGTERM is corrected: a user's own abort stands, also where that word hides it.
  const { cancelledFor, stoppingSince } = sighting.entry;
  const isByTerm = isStoppedByTerm(task) && ranAs(task, job) && !hasLeft(task, sighting);
  const isAsItShouldBe = !isByTerm || cancelledFor !== undefined || stoppingSince !== undefined;
  if (isAsItShouldBe || job.state === 'COMPLETED') return done(job, sighting);
  if (isBackAtGate(job, sighting.record)) return parkAndSubmit(job, 'stopped', sighting);
  if (job.state === 'CANCELLED') return [end(cancelled(job, sighting))];
  const text = describeEnd(job, recordOf(sighting));
  return [end({ status: 'failed', reason: `Slurm ${job.stateWord}`, text, withLog: false, ...rankOf(job) })];
}

/** Where one of several ranks died, Slurm ended the others, and the first of them took it for the user's abort. */
function rankOf(job: Job): Partial<Ending> {
  const isByRank = hasRanks(job) && (job.state === 'FAILED' || job.state === 'OUT_OF_MEMORY');
  return isByRank ? { withLog: true, tellsRank: true } : {};
}

/** The last line is said when nothing is left to be done: should it be lost, it is only a line. */
function done(job: Job, sighting: Sighting): Action[] {
  const { entry, place, task } = sighting;
  const level = job.state === 'COMPLETED' || entry.cancelledFor !== undefined ? 'INFO' : 'WARNING';
  const words = describeEnd(job, recordOf(sighting), entry.cancelledFor);
  const text = job.state === 'FAILED' && task?.status === 'completed' ? `${words} ${AFTER_COMPLETION}` : words;
  const withAdvice = task?.status === 'failed' && recordOf(sighting) !== undefined;
  return [...letGo(place), { do: 'say', level, text, ...(withAdvice ? { withAdvice } : {}) }];
}

function parkAndSubmit(job: Job, from: 'in_progress' | 'stopped', sighting: Sighting): Action[] {
  const why = `Slurm started job ${job.id} again before the task was ready for it`;
  return [{ do: 'park-again', from }, ...tryAgain(why, sighting)];
}

/** sbatch may refuse a job and leave a record of it behind: such a job never ran. */
function isRefusal(job: Job): boolean {
  return job.state === 'FAILED' && job.reason === 'BadConstraints';
}

/** How a task ends whose job Slurm does not take. */
export function refused(text: string): Ending {
  return { status: 'failed', reason: 'refused by Slurm', text, withLog: false };
}

/** A peer may have cancelled a job of its own, and remembers why: it returns the task to its queue then, where we find it. */
function mayPeerHaveCancelled(job: Job, { hasPeers, mark }: Sighting): boolean {
  return hasPeers === true && readMark(attemptOf(job.name)) !== mark;
}

function cancelled(job: Job, sighting: Sighting): Ending {
  const why = sighting.entry.cancelledFor;
  const text = describeEnd(job, recordOf(sighting), why);
  return { status: 'stopped', reason: why === undefined ? 'cancelled in Slurm' : 'cancelled', text, withLog: false };
}

/** The agent's last call may come seconds after its process has ended: nobody overrules it before. */
function afterGrace({ entry, now, graces }: Sighting, actions: Action[]): Action[] {
  if (entry.endSeenAt === undefined) return [{ do: 'note', patch: { endSeenAt: now } }];
  return now - entry.endSeenAt < graces.endMs ? [] : actions;
}

function recordOf({ record }: Sighting): JobRecord | undefined {
  return record === 'gone' ? undefined : record;
}
