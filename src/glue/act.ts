// Doing what a decision asks for, one action after the other; the first that turns out to be out of date ends the list.
import { LostRace } from '../clearml/errors.ts';
import type { Task } from '../clearml/task.ts';
import type { JobRecord } from '../slurm/scheduler.ts';
import type { Action } from './decide/action.ts';
import type { Place } from './decide/sighting.ts';
import { endTask, type Owned } from './end.ts';
import type { Entry } from './entry.ts';
import { giveBack } from './give-back.ts';
import type { Glue } from './glue.ts';
import { removeJobConf } from './job-conf.ts';
import { readQueued } from './park.ts';
import { prepare, submit } from './submit.ts';
import { say } from './tell.ts';

/** What was seen of the task when the decision was made. */
export interface Seen {
  readonly task: Task | undefined;
  readonly place: Place;
  readonly record: JobRecord | undefined;
}

/** Carries out the actions. Returns the ids of jobs that are to be cancelled: one scancel serves a whole round. */
export async function act(glue: Glue, entry: Entry, actions: readonly Action[], seen: Seen): Promise<Cancellation[]> {
  const cancellations: Cancellation[] = [];
  let current = entry;
  let place = seen.place;

  for (const action of actions) {
    switch (action.do) {
      case 'note':
        current = { ...current, ...action.patch };
        await glue.journal.write(current);
        break;
      case 'say':
        await say(glue, current.task, { level: action.level, text: action.text });
        break;
      case 'show-status':
        await glue.clearml.tasks.setStatusMessage(current.task, action.text);
        break;
      case 'cancel':
        if (current.cancelledFor !== action.why) {
          glue.log.info('Cancelling the job', { task: current.task, job: action.jobIds.join(','), why: action.why });
          // The end of an extra job says nothing about the task.
          if (action.jobIds.some((id) => id === current.jobId)) current = { ...current, cancelledFor: action.why };
          await glue.journal.write(current);
        }
        cancellations.push(...action.jobIds.map((jobId) => ({ jobId })));
        break;
      case 'take-entry':
        await glue.clearml.queues.take(glue.schedulerQueue, current.task);
        break;
      case 'end':
        await endTask(glue, current, ownedBy(seen.task, place), action.ending, seen.record);
        return cancellations;
      case 'park-again':
        if (!(await parkAgain(glue, current, action.from))) return cancellations;
        place = 'parked';
        break;
      case 'give-back':
        await giveBack(glue, current, { parked: place === 'parked', why: action.why });
        return cancellations;
      case 'submit-again':
        await submitAgain(glue, current, action.why);
        return cancellations;
      case 'forget':
        glue.log.info('Done', {
          task: current.task,
          job: current.jobId,
          queue: current.queueName,
          status: seen.task?.status ?? 'deleted',
        });
        await removeJobConf(glue, current);
        await glue.journal.forget(current.task);
        return cancellations;
      case 'ask-record':
      case 'look-up':
        throw new Error(`the action ${action.do} is answered before acting`);
    }
  }
  return cancellations;
}

export interface Cancellation {
  readonly jobId: NonNullable<Entry['jobId']>;
}

function ownedBy(task: Task | undefined, place: Place): Owned {
  if (task?.status === 'in_progress' || task?.status === 'stopped') return task.status;
  return place === 'parked' ? 'parked' : 'popped';
}

async function parkAgain(glue: Glue, entry: Entry, from: 'in_progress' | 'stopped'): Promise<boolean> {
  const read = await glue.clearml.tasks.get(entry.task);
  if (read?.task.status !== from) return false;
  try {
    await glue.clearml.tasks.unstart(entry.task, from, {
      reason: 'put back by Slurm',
      message: 'Slurm put the job back; the task waits again.',
    });
  } catch (error) {
    if (error instanceof LostRace) return false;
    throw error;
  }
  await glue.clearml.queues.park(glue.schedulerQueue, entry.task);
  return true;
}

/** A new attempt for a parked task without a live job. */
async function submitAgain(glue: Glue, entry: Entry, why: string): Promise<void> {
  const queue = glue.queues.find(({ id }) => id === entry.queue);
  const read = await readQueued(glue, entry);
  if (queue === undefined || read === undefined) return;
  glue.log.info('Submitting again', { task: entry.task, queue: entry.queueName, why });
  await say(glue, entry.task, { level: 'WARNING', text: `Submitted to Slurm again: ${why}.` });
  await removeJobConf(glue, entry);
  const prepared = await prepare(glue, entry, queue, read, 'parked');
  if (prepared !== undefined) await submit(glue, prepared);
}
