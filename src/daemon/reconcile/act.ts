// Doing what a decision asks for, one action after the other; the first that turns out to be out of date ends the list.
import { LostRaceError } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { JobId, JobRecord } from '../../slurm/scheduler.ts';
import { isCancelDue, withCancelled } from './cancelling.ts';
import type { Action } from '../decide/action.ts';
import type { Place } from '../decide/observation.ts';
import { dequeueTask } from './dequeue.ts';
import { endTask, readAdvice } from './end.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from './return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/job-conf.ts';
import { readClaimed } from '../claim/park.ts';
import { recoverOrphan } from '../recover/recover-orphan.ts';
import { withOptionOriginsOf } from '../console/option-origins.ts';
import { resubmit } from '../submit/resubmit.ts';
import { logToConsole, showStatus } from '../console/console.ts';
import { isUnchanged } from './unchanged.ts';
import type { SubmissionPool } from '../submit/submission-pool.ts';

/** What was seen of the task when the decision was made. */
export interface Basis {
  readonly task: Task | undefined;
  readonly place: Place;
  readonly record: JobRecord | undefined;
}

/** What all tasks of one round share. */
export interface Pass {
  readonly deps: DaemonDeps;
  readonly pool: SubmissionPool;
  /** Jobs to be cancelled are added: one scancel serves a whole round. */
  readonly cancel: Set<JobId>;
  readonly signal: AbortSignal;
}

/** These only remember and tell. Everything else would trample on what somebody did to the task since it was seen. */
const SAFE_ACTIONS: readonly Action['do'][] = ['note', 'log', 'show-status', 'forget'];

/** Carries out the actions. */
export async function act(
  { deps, pool, cancel, signal }: Pass,
  entry: Entry,
  actions: readonly Action[],
  seen: Basis,
): Promise<void> {
  let current = entry;
  let isParked = seen.place === 'parked';
  const mayOverwrite = actions.some((action) => !SAFE_ACTIONS.includes(action.do));
  if (mayOverwrite && !(await isUnchanged(deps, entry.task, seen.task))) return;

  for (const action of actions) {
    switch (action.do) {
      case 'note':
        current = { ...current, ...action.patch };
        await deps.journal.write(current);
        break;
      case 'log':
        await logToConsole(
          deps,
          current.task,
          ...[
            { level: action.level, text: action.text },
            ...(action.withAdvice === true ? await readAdvice(deps, seen.record) : []),
          ].map(({ level, text }) => ({ level, text: withOptionOriginsOf(deps, current, text) })),
        );
        break;
      case 'show-status':
        if (!(await showStatus(deps, current.task, withOptionOriginsOf(deps, current, action.text)))) return;
        break;
      case 'cancel':
        if (!isCancelDue(current, action, deps.clock.now())) break;
        current = withCancelled(current, action, deps.clock.now());
        // Before the cancellation: without the reason, a later poll takes the end of the job for a user's scancel.
        await deps.journal.write(current);
        requestCancel(deps, cancel, current, action);
        break;
      case 'remove-entry':
        await deps.clearml.queues.removeEntry(deps.schedulerQueue, current.task);
        break;
      case 'end':
        if (seen.task !== undefined) {
          const ending = { ...action.ending, text: withOptionOriginsOf(deps, current, action.ending.text) };
          await endTask(deps, current, ending, { ...seen, seen: seen.task, isParked });
        }
        return;
      case 'park-again':
        if (!(await parkAgain(deps, current, action.from))) return;
        isParked = true;
        break;
      case 'return-to-queue':
        if (isParked) await returnToQueue(deps, current, { isParked, why: action.why });
        // Another daemon may have found it too, and have taken it anew by now.
        else await recoverOrphan(deps, current, { why: action.why, signal });
        return;
      case 'dequeue':
        await dequeueTask(deps, current, action.text);
        return;
      case 'resubmit':
        pool.start(current, () => resubmit(deps, current, action.why));
        return;
      case 'forget':
        deps.log.info('Finished', {
          task: current.task,
          job: current.jobId,
          queue: current.queueName,
          status: seen.task?.status ?? 'deleted',
        });
        await deps.journal.forget(current.task);
        await removeJobConf(deps, current);
        break;
      case 'read-record':
      case 'look-up':
        throw new Error(`the action ${action.do} is answered before acting`);
    }
  }
}

/** Another Unix user's job is never cancelled, though Slurm may let us: its gate, or its agent, ends it when nobody wants the task run. */
function requestCancel(
  { log }: DaemonDeps,
  cancel: Set<JobId>,
  { task, jobId, isOthersJob }: Entry,
  { jobIds, why }: Extract<Action, { readonly do: 'cancel' }>,
): void {
  const own = jobIds.filter((id) => isOthersJob !== true || id !== jobId);
  if (own.length > 0) log.info('Cancelling', { task, job: own.join(','), why });
  else log.info("Not cancelling another Unix user's job", { task, job: jobId, why });
  for (const id of own) cancel.add(id);
}

/**
 * The task was read a moment ago, so that the user's request to abort it is not erased by this. False when somebody acted on it
 * before it was parked: then it is left to him.
 */
async function parkAgain(deps: DaemonDeps, entry: Entry, from: 'in_progress' | 'stopped'): Promise<boolean> {
  try {
    await deps.clearml.tasks.unstart(entry.task, from, {
      reason: 'requeued by Slurm',
      message: 'Slurm requeued the job; the task waits again.',
    });
  } catch (error) {
    if (error instanceof LostRaceError) return false;
    throw error;
  }
  await deps.clearml.queues.park(deps.schedulerQueue, entry.task);
  if ((await readClaimed(deps, entry)) !== undefined) return true;
  // Nobody runs it from there, unless its own job has come back and taken the entry: then there is none.
  await deps.clearml.queues.removeEntry(deps.schedulerQueue, entry.task);
  return false;
}
