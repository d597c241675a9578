// Rows of the table for a job that has ended: the agent's word counts, and where it is missing Slurm's does.
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from '../agent-words.ts';
import { isGateClosed } from '../job-exit.ts';
import { describeEnd, describeNeverBegan } from '../wording.ts';
import type { Action, Ending } from './action.ts';
import { takeIfParked } from './moves.ts';
import type { Sighting } from './sighting.ts';

/** So many attempts for one task; more would mean that something is wrong which another attempt doesn't mend. */
export const MAX_ATTEMPTS = 5;

export function decideEnded(job: Job, sighting: Sighting): Action[] {
  const { task, place, record } = sighting;
  if (job.state !== 'COMPLETED' && record === undefined) return [{ do: 'ask-record', jobId: job.id }];

  switch (task?.status) {
    case undefined:
      return [...takeIfParked(place), { do: 'forget' }];
    case 'queued':
      return decideStillQueued(job, task, sighting);
    case 'in_progress':
      return decideStillInProgress(job, task, sighting);
    case 'stopped':
      return decideStopped(job, task, sighting);
    default:
      return [sayEnd(job, sighting), ...takeIfParked(place), { do: 'forget' }];
  }
}

function decideStillQueued(job: Job, task: Task, sighting: Sighting): Action[] {
  const { entry, place } = sighting;
  if (place === 'own queue' || place === 'another queue') return [{ do: 'forget' }];
  if (task.archived) return [...takeIfParked(place), { do: 'forget' }];

  if (job.state === 'CANCELLED') {
    if (entry.cancelledFor === undefined) return [end(cancelledInSlurm(job, sighting))];
    return [{ do: 'give-back', why: `its job ${job.id} was cancelled: ${entry.cancelledFor}` }];
  }
  if (isGateClosed(job, sighting.record)) {
    if (place === 'parked') return again(`job ${job.id} found the task not ready to be run`, sighting);
    return afterGrace(sighting, [{ do: 'give-back', why: `job ${job.id} could not learn whether it had the task` }]);
  }
  const ending: Ending = {
    status: 'failed',
    reason: `Slurm ${job.stateWord}`,
    text: describeNeverBegan(job, recordOf(sighting)),
    withLog: true,
  };
  return place === 'parked' ? [end(ending)] : afterGrace(sighting, [end(ending)]);
}

function decideStillInProgress(job: Job, task: Task, sighting: Sighting): Action[] {
  // A requeued job that came back before the task was parked again finds the gate closed: the task is to run anew.
  const isBack = (recordOf(sighting)?.restarts ?? 0) > 0;
  if (isBack && isGateClosed(job, sighting.record)) return parkAndSubmit(job, 'in_progress', sighting);

  const words = describeEnd(job, recordOf(sighting));
  const ending = ((): Ending => {
    if (isAskedToStop(task)) {
      return { status: 'stopped', reason: 'aborted', text: `Aborted by the user. ${words}`, withLog: false };
    }
    if (job.state === 'CANCELLED') return cancelledInSlurm(job, sighting);
    const status = job.state === 'COMPLETED' ? 'completed by the log' : 'failed';
    return { status, reason: `Slurm ${job.stateWord}`, text: words, withLog: true };
  })();
  return afterGrace(sighting, [end(ending)]);
}

function decideStopped(job: Job, task: Task, sighting: Sighting): Action[] {
  const done: Action[] = [sayEnd(job, sighting), ...takeIfParked(sighting.place), { do: 'forget' }];
  // Only the agent's word on a SIGTERM is corrected: a user's own abort stands.
  if (!isStoppedByTerm(task) || sighting.entry.cancelledFor !== undefined) return done;
  if (isGateClosed(job, sighting.record)) return parkAndSubmit(job, 'stopped', sighting);

  switch (job.state) {
    case 'COMPLETED':
      return done;
    case 'CANCELLED':
      return [end(cancelledInSlurm(job, sighting))];
    default:
      return [
        end({
          status: 'failed',
          reason: `Slurm ${job.stateWord}`,
          text: describeEnd(job, recordOf(sighting)),
          withLog: false,
        }),
      ];
  }
}

function parkAndSubmit(job: Job, from: 'in_progress' | 'stopped', sighting: Sighting): Action[] {
  const why = `Slurm started job ${job.id} again before the task was ready for it`;
  return [{ do: 'park-again', from }, ...again(why, sighting)];
}

function again(why: string, { entry }: Sighting): Action[] {
  if (entry.attempts < MAX_ATTEMPTS) return [{ do: 'submit-again', why }];
  return [
    end({
      status: 'failed',
      reason: 'too many attempts',
      text: `Given up after ${entry.attempts} Slurm jobs, none of which began the task: ${why}. Enqueue it again once the cause is found.`,
      withLog: true,
    }),
  ];
}

function cancelledInSlurm(job: Job, sighting: Sighting): Ending {
  const why = sighting.entry.cancelledFor;
  const text = why === undefined ? describeEnd(job, recordOf(sighting)) : `Slurm job ${job.id} was cancelled: ${why}.`;
  return { status: 'stopped', reason: why === undefined ? 'cancelled in Slurm' : 'cancelled', text, withLog: false };
}

/** The agent's last call may come seconds after its process has ended: nobody overrules it before. */
function afterGrace({ entry, now, graces }: Sighting, actions: Action[]): Action[] {
  if (entry.endSeenAt === undefined) return [{ do: 'note', patch: { endSeenAt: now } }];
  return now - entry.endSeenAt < graces.endMs ? [] : actions;
}

function sayEnd(job: Job, sighting: Sighting): Action {
  const level = job.state === 'COMPLETED' || sighting.entry.cancelledFor !== undefined ? 'INFO' : 'WARNING';
  return { do: 'say', level, text: describeEnd(job, recordOf(sighting), sighting.entry.cancelledFor) };
}

function end(ending: Ending): Action {
  return { do: 'end', ending };
}

function recordOf({ record }: Sighting): Exclude<Sighting['record'], 'gone'> {
  return record === 'gone' ? undefined : record;
}
