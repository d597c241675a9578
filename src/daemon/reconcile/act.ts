// Carries out the actions of a decision in order; the first one that is out of date ends the list.
import { winsRace } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { isQueuedOrRunning } from '../../clearml/task.ts';
import type { JobId, JobKey, JobRecord } from '../../slurm/scheduler.ts';
import type { Action } from '../decide/action.ts';
import type { Observation } from '../decide/observation.ts';
import { cancellable, isCancelDue, withCancelled } from './cancel-again.ts';
import { recordOnTask, requestCancel } from './canceller.ts';
import { dequeueTask, endTask, isUnchanged } from '../end/end-task.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import { recordCancellations } from '../decide/recorded-cancellations.ts';
import { recordEnd } from '../end/record-end.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/write-job-confs.ts';
import { linesOf } from '../console/log-lines.ts';
import { withOptionOriginsOf } from '../console/option-origins.ts';
import { resubmit } from '../submit/submit-parked-task.ts';
import { isHeld, noteProbe } from '../users/unix-users.ts';
import { logToConsole, showStatus } from '../console/write-to-console.ts';
import { submitterOf } from '../submit/failed-submission-holds.ts';
import type { SubmissionPool, SubmitResult } from '../submit/submission-pool.ts';
import { parkAgain, renewParking } from './park-again.ts';
import type { Returning } from './return-in-order.ts';

/** The part of the observation that the decision was based on. */
export interface Basis extends Pick<Observation, 'task' | 'place' | 'jobs' | 'parkedAt'> {
  readonly record: JobRecord | undefined;
}

/** What all tasks of one pass share. */
export interface Pass {
  readonly deps: DaemonDeps;
  readonly pool: SubmissionPool;
  /** Collects the jobs to cancel at the end of the pass. */
  readonly cancel: Map<JobId, JobKey>;
  /** Whether jobs of this Unix user may be added. */
  readonly mayCancel: (user: JobKey['unixUser']) => boolean;
  /** Collects how tasks return to their queues, after everything else. */
  readonly returns: Map<TaskId, Returning>;
}

/** These actions only journal and report. All others could overwrite what a user did to the task since the poll. */
const SAFE_ACTIONS: readonly Action['do'][] = ['note', 'log', 'show-status', 'forget'];

/** Carries out the actions. */
export async function act(
  { deps, pool, cancel, mayCancel, returns }: Pass,
  entry: Entry,
  actions: readonly Action[],
  seen: Basis,
): Promise<void> {
  let current = entry;
  let isParked = seen.place === 'parked';
  let { task } = seen;
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
          ...(await linesOf(deps, action, seen.record)).map(({ level, text }) => ({
            level,
            text: withOptionOriginsOf(deps, current, text),
          })),
        );
        break;
      case 'show-status':
        if (!(await showStatus(deps, current.task, withOptionOriginsOf(deps, current, action.text)))) return;
        break;
      case 'repeat-abort':
        // A user may have reset the task while the journal was written.
        if (action !== actions[0] && !(await isUnchanged(deps, entry.task, task))) return;
        deps.log.info('Aborting the task again: the agent, which was still starting, has overwritten the abort', {
          task: current.task,
          job: current.jobId,
          queue: current.queueName,
        });
        // As the web page does, so that a task that is no longer in progress keeps its status.
        if (!(await winsRace(deps.clearml.tasks.abort(current.task)))) return;
        break;
      case 'cancel': {
        if (!isCancelDue(current, action, deps.clock.now())) break;
        const jobs = cancellable(action, current, seen);
        // A later pass decides again.
        if (!jobs.every(({ unixUser }) => mayCancel(unixUser))) return;
        // The end of its job decides what happens to the task.
        if (task !== undefined && isQueuedOrRunning(task)) {
          const value = recordCancellations(task.slurmCancelled, jobs, action.why);
          // Without the record, a peer would take the end of the job for a user's scancel.
          if (value !== undefined && !(await recordOnTask(deps, task, value))) return;
          if (value !== undefined) task = { ...task, slurmCancelled: value };
        }
        current = withCancelled(current, action, deps.clock.now());
        // Before the cancellation: without the reason, a later poll takes the end of the job for a user's scancel.
        await deps.journal.write(current);
        await requestCancel(deps, cancel, current, { jobs, why: action.why, seen });
        break;
      }
      case 'remove-entry':
        await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, current), current.task);
        break;
      case 'end':
        if (task !== undefined) {
          const ending = { ...action.ending, text: withOptionOriginsOf(deps, current, action.ending.text) };
          await endTask(deps, current, ending, { ...seen, seen: task, isParked });
        }
        return;
      case 'park-again': {
        // Meanwhile a peer may have parked the task, and its job may have started it.
        if (action !== actions[0] && !(await isUnchanged(deps, entry.task, task))) return;
        const parked = await parkAgain(deps, current, action);
        if (parked === undefined) return;
        current = parked;
        isParked = true;
        break;
      }
      case 'return-to-queue':
        returns.set(current.task, { entry: current, isParked, why: action.why, seen });
        return;
      case 'dequeue':
        await recordEnd(deps, current, action.do, seen);
        await dequeueTask(deps, current, action.text);
        return;
      case 'resubmit':
        // In both cases a later pass decides again, perhaps otherwise.
        if (!mustWait(deps, pool, current, seen)) startResubmission(deps, pool, current, { why: action.why, seen });
        else if (current.timedOutJobs !== undefined && seen.place === 'parked')
          await renewParking(deps, current, seen.parkedAt);
        return;
      case 'forget':
        await forget(deps, current, seen);
        break;
      case 'read-record':
      case 'read-log':
      case 'look-up':
        throw new Error(`the action ${action.do} is handled before acting`);
    }
  }
}

async function forget(deps: DaemonDeps, entry: Entry, seen: Basis): Promise<void> {
  const { task, jobId: job, queueName: queue } = entry;
  const status = seen.task?.status ?? 'deleted';
  deps.log.info('Stopped tracking: task and job have ended', { task, job, queue, status });
  await recordEnd(deps, entry, 'forget', seen);
  await deps.audit.write({ event: 'ended', task, queue, job, status });
  await deps.journal.forget(task);
  await removeJobConf(deps, entry);
}

/** Whether Slurm accepted no more jobs a moment ago, or sudo refused one of the Unix user whose job it would be. */
function mustWait({ unixUsers, clock }: DaemonDeps, pool: SubmissionPool, entry: Entry, { task }: Basis): boolean {
  return !pool.mayResubmit(entry) || isHeld(unixUsers, task?.user, clock.now());
}

/** Does nothing if the pool has no free slot. */
function startResubmission(
  deps: DaemonDeps,
  pool: SubmissionPool,
  entry: Entry,
  { why, seen }: { readonly why: string; readonly seen: Basis },
): void {
  const resubmission = async (): Promise<SubmitResult> => {
    await recordEnd(deps, entry, 'resubmit', seen);
    return resubmit(deps, entry, why);
  };
  // It had a job, so its entry names the Unix user, unless that is the user of the daemon.
  const isStarted = pool.start(entry, resubmission, submitterOf(deps, entry));
  if (isStarted) noteProbe(deps.unixUsers, seen.task?.user, deps.clock.now());
}
