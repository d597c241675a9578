// Doing what a decision asks for, one action after the other; the first that turns out to be out of date ends the list.
import { LostRace } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { JobId, JobRecord } from '../../slurm/scheduler.ts';
import { isCancelDue, withCancelled } from './cancelling.ts';
import type { Action } from '../decide/action.ts';
import type { Place } from '../decide/observation.ts';
import { dequeueTask } from './dequeue.ts';
import { endTask, readAdvice } from './end.ts';
import type { Entry } from '../journal/entry.ts';
import { giveBack } from './return-to-queue.ts';
import type { Glue } from '../deps.ts';
import { removeJobConf } from '../submit/job-conf.ts';
import { readClaimed } from '../claim/park.ts';
import { rescue } from '../recover/recover-orphan.ts';
import { withPlacesFor } from '../console/option-origins.ts';
import { submitAgain } from '../submit/resubmit.ts';
import { say, showStatus } from '../console/console.ts';
import { isUnchanged } from './unchanged.ts';
import type { Ways } from '../submit/submission-pool.ts';

/** What was seen of the task when the decision was made. */
export interface Seen {
  readonly task: Task | undefined;
  readonly place: Place;
  readonly record: JobRecord | undefined;
}

/** What all tasks of one round share. */
export interface Round {
  readonly glue: Glue;
  readonly ways: Ways;
  /** Jobs to be cancelled are added: one scancel serves a whole round. */
  readonly cancel: Set<JobId>;
  readonly signal: AbortSignal;
}

/** These only remember and tell. Everything else would trample on what somebody did to the task since it was seen. */
const HARMLESS: readonly Action['do'][] = ['note', 'say', 'show-status', 'forget'];

/** Carries out the actions. */
export async function act(
  { glue, ways, cancel, signal }: Round,
  entry: Entry,
  actions: readonly Action[],
  seen: Seen,
): Promise<void> {
  let current = entry;
  let isParked = seen.place === 'parked';
  const mayTrample = actions.some((action) => !HARMLESS.includes(action.do));
  if (mayTrample && !(await isUnchanged(glue, entry.task, seen.task))) return;

  for (const action of actions) {
    switch (action.do) {
      case 'note':
        current = { ...current, ...action.patch };
        await glue.journal.write(current);
        break;
      case 'say':
        await say(
          glue,
          current.task,
          ...[
            { level: action.level, text: action.text },
            ...(action.withAdvice === true ? await readAdvice(glue, seen.record) : []),
          ].map(({ level, text }) => ({ level, text: withPlacesFor(glue, current, text) })),
        );
        break;
      case 'show-status':
        if (!(await showStatus(glue, current.task, withPlacesFor(glue, current, action.text)))) return;
        break;
      case 'cancel':
        if (!isCancelDue(current, action, glue.clock.now())) break;
        askToEnd(glue, cancel, current, action);
        current = withCancelled(current, action, glue.clock.now());
        await glue.journal.write(current);
        break;
      case 'take-entry':
        await glue.clearml.queues.take(glue.schedulerQueue, current.task);
        break;
      case 'end':
        if (seen.task !== undefined) {
          const ending = { ...action.ending, text: withPlacesFor(glue, current, action.ending.text) };
          await endTask(glue, current, ending, { ...seen, seen: seen.task, isParked });
        }
        return;
      case 'park-again':
        if (!(await parkAgain(glue, current, action.from))) return;
        isParked = true;
        break;
      case 'give-back':
        if (isParked) await giveBack(glue, current, { isParked, why: action.why });
        // Another daemon may have found it too, and have taken it anew by now.
        else await rescue(glue, current, { why: action.why, signal });
        return;
      case 'dequeue':
        await dequeueTask(glue, current, action.text);
        return;
      case 'submit-again':
        ways.begin(current, () => submitAgain(glue, current, action.why));
        return;
      case 'forget':
        glue.log.info('Done', {
          task: current.task,
          job: current.jobId,
          queue: current.queueName,
          status: seen.task?.status ?? 'deleted',
        });
        await glue.journal.forget(current.task);
        await removeJobConf(glue, current);
        break;
      case 'ask-record':
      case 'look-up':
        throw new Error(`the action ${action.do} is answered before acting`);
    }
  }
}

/** Another Unix user's job is never cancelled, though Slurm may let us: its gate, or its agent, ends it when nobody wants the task run. */
function askToEnd(
  { log }: Glue,
  cancel: Set<JobId>,
  { task, jobId, isOthersJob }: Entry,
  { jobIds, why }: Extract<Action, { readonly do: 'cancel' }>,
): void {
  const own = jobIds.filter((id) => isOthersJob !== true || id !== jobId);
  if (own.length > 0) log.info('Cancelling the job', { task, job: own.join(','), why });
  else log.info("Another Unix user's job is not cancelled", { task, job: jobId, why });
  for (const id of own) cancel.add(id);
}

/**
 * The task was read a moment ago, so that the user's request to abort it is not erased by this. False when somebody acted on it
 * before it was parked: then it is left to him.
 */
async function parkAgain(glue: Glue, entry: Entry, from: 'in_progress' | 'stopped'): Promise<boolean> {
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
  if ((await readClaimed(glue, entry)) !== undefined) return true;
  // Nobody runs it from there, unless its own job has come back and taken the entry: then there is none.
  await glue.clearml.queues.take(glue.schedulerQueue, entry.task);
  return false;
}
