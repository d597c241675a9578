// Carries out the actions of a decision in order; the first one that is out of date ends the list.
import { LostRaceError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { JobId, JobKey, JobRecord } from '../../slurm/scheduler.ts';
import type { Action, AfterStart } from '../decide/action.ts';
import type { Observation, Place } from '../decide/observation.ts';
import { isCancelDue, withCancelled, type Cancel } from './cancelling.ts';
import { dequeueTask, endTask, isUnchanged } from '../end/end-task.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import type { Asker } from '../audit/audit-line.ts';
import { isAskedToStop } from '../decide/recognize-abort.ts';
import { recordCancellations } from '../decide/recorded-cancellations.ts';
import { NOT_ENDED_IN_TIME, REMOVED_BY_USER } from '../decide/shared-actions.ts';
import { recordEnd } from '../end/record-end.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/write-job-confs.ts';
import { readClaimed } from '../claim/park.ts';
import { recoverOrphan } from '../recover/recover-orphan.ts';
import { linesOf } from '../console/log-lines.ts';
import { withOptionOriginsOf } from '../console/option-origins.ts';
import { resubmit } from '../submit/submit-parked-task.ts';
import { isHeld, noteProbe } from '../users/unix-users.ts';
import { logToConsole, notify, showStatus } from '../console/write-to-console.ts';
import { submitterOf } from '../submit/failed-submission-holds.ts';
import { refusedOf } from '../submit/slurm-refusal-holds.ts';
import type { SubmissionPool, SubmitResult } from '../submit/submission-pool.ts';

/** The part of the observation that the decision was based on. */
export interface Basis {
  readonly task: Task | undefined;
  readonly place: Place;
  readonly record: JobRecord | undefined;
  readonly jobs: Observation['jobs'];
  readonly parkedAt?: Observation['parkedAt'];
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
  readonly returns: Map<TaskId, () => Promise<void>>;
  readonly signal: AbortSignal;
}

/** These actions only journal and report. All others could overwrite what a user did to the task since the poll. */
const SAFE_ACTIONS: readonly Action['do'][] = ['note', 'log', 'show-status', 'forget'];

/** Carries out the actions. */
export async function act(
  { deps, pool, cancel, mayCancel, returns, signal }: Pass,
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
        deps.log.info('Aborting the task again: its agent has overwritten the abort while it started', {
          task: current.task,
          job: current.jobId,
          queue: current.queueName,
        });
        if (!(await repeatAbort(deps, current.task))) return;
        break;
      case 'cancel':
        if (!isCancelDue(current, action, deps.clock.now())) break;
        // A later pass decides again.
        if (!cancellable(action, current, seen).every(({ unixUser }) => mayCancel(unixUser))) return;
        if (isActive(task)) {
          const value = recordCancellations(task.slurmCancelled, cancellable(action, current, seen), action.why);
          // Without the record, a peer would take the end of the job for a user's scancel.
          if (value !== undefined && !(await recordOnTask(deps, task, value))) return;
          if (value !== undefined) task = { ...task, slurmCancelled: value };
        }
        current = withCancelled(current, action, deps.clock.now());
        // Before the cancellation: without the reason, a later poll takes the end of the job for a user's scancel.
        await deps.journal.write(current);
        await requestCancel(deps, cancel, current, action, seen);
        break;
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
      case 'return-to-queue': {
        const returning = { entry: current, isParked, why: action.why };
        returns.set(current.task, () => returnNow(deps, returning, seen, signal));
        return;
      }
      case 'dequeue':
        await recordEnd(deps, current, action.do, seen);
        await dequeueTask(deps, current, action.text);
        return;
      case 'resubmit':
        // In both cases a later pass decides again, perhaps otherwise.
        if (mustWait(deps, pool, current, seen)) await renewParking(deps, current, seen);
        else startResubmission(deps, pool, current, { why: action.why, seen });
        return;
      case 'forget':
        deps.log.info('Task and job have ended; no longer tracked', {
          task: current.task,
          job: current.jobId,
          queue: current.queueName,
          status: seen.task?.status ?? 'deleted',
        });
        await recordEnd(deps, current, action.do, seen);
        await deps.audit.write({
          event: 'ended',
          task: current.task,
          queue: current.queueName,
          job: current.jobId,
          status: seen.task?.status ?? 'deleted',
        });
        await deps.journal.forget(current.task);
        await removeJobConf(deps, current);
        break;
      case 'read-record':
      case 'read-log':
      case 'look-up':
        throw new Error(`the action ${action.do} is handled before acting`);
    }
  }
}

async function returnNow(
  deps: DaemonDeps,
  { entry, isParked, why }: { readonly entry: Entry; readonly isParked: boolean; readonly why: string },
  seen: Basis,
  signal: AbortSignal,
): Promise<void> {
  await recordEnd(deps, entry, 'return-to-queue', seen);
  if (isParked) await returnToQueue(deps, entry, { isParked, why });
  // Another daemon may have found it too, and claimed it again by now.
  else await recoverOrphan(deps, entry, { why, signal });
}

/** Whether Slurm accepted no more jobs a moment ago, or sudo refused one of the Unix user whose job it would be. */
function mustWait({ unixUsers, clock }: DaemonDeps, pool: SubmissionPool, entry: Entry, { task }: Basis): boolean {
  if (!pool.mayResubmit(entry)) return true;
  return unixUsers !== undefined && isHeld(unixUsers, task?.user, { now: clock.now(), unlisted: new Set() });
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
  const of = { refused: refusedOf(entry), submitter: submitterOf(deps, entry) };
  const isStarted = pool.start(entry, resubmission, of);
  if (isStarted && deps.unixUsers !== undefined) noteProbe(deps.unixUsers, seen.task?.user, deps.clock.now());
}

/**
 * A peer adopts a task that is parked for long and has no job, and it does not know how many of its jobs have reached their time limit.
 * If the daemon is killed between the two calls, the task is in no queue, and the next pass returns it to its own.
 */
async function renewParking(deps: DaemonDeps, entry: Entry, { place, parkedAt }: Basis): Promise<void> {
  if (entry.timedOutJobs === undefined || place !== 'parked' || parkedAt === undefined) return;
  if (deps.clock.now() - parkedAt < deps.adoptAfterMs / 2) return;
  if (await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task))
    await parkIfClaimed(deps, entry);
}

/** Asks as the web page does, so that a task that is no longer in progress keeps its status. False if it is not. */
async function repeatAbort({ clearml }: DaemonDeps, task: TaskId): Promise<boolean> {
  try {
    await clearml.tasks.abort(task);
    return true;
  } catch (error) {
    if (error instanceof LostRaceError) return false;
    throw error;
  }
}

/** Whether the end of its job decides what happens to the task. */
function isActive(task: Task | undefined): task is Task {
  return task?.status === 'queued' || task?.status === 'in_progress';
}

/** Another Unix user's job is never cancelled, even if Slurm allows it: its gate or its agent ends it if the task is unwanted. */
function cancellable({ jobIds }: Cancel, { jobId, isOthersJob }: Entry, { jobs }: Basis): Basis['jobs'] {
  return jobs.filter(({ id }) => jobIds.includes(id) && (isOthersJob !== true || id !== jobId));
}

/** False if no response came. */
function recordOnTask(deps: DaemonDeps, { id }: Task, value: string): Promise<boolean> {
  return notify(deps, id, () => deps.clearml.tasks.setProperties(id, { slurm_cancelled: value }));
}

async function requestCancel(
  { log, audit }: DaemonDeps,
  cancel: Map<JobId, JobKey>,
  entry: Entry,
  action: Cancel,
  seen: Basis,
): Promise<void> {
  const { task, queueName: queue, jobId } = entry;
  const { why } = action;
  const own = cancellable(action, entry, seen);
  const jobs = own.map(({ id }) => id);
  if (jobs.length > 0) {
    log.info('Cancelling', { task, job: jobs.join(','), why });
    await audit.write({ event: 'cancelling', task, queue, jobs, by: askerOf(seen, why), why });
  } else log.info("Not cancelling another Unix user's job", { task, job: jobId, why });
  for (const job of own) cancel.set(job.id, job);
}

/** Whether a user's action on the task is why its job is not wanted. */
function askerOf({ task, place }: Basis, why: string): Asker {
  if (task === undefined || task.archived || why === REMOVED_BY_USER || why === NOT_ENDED_IN_TIME) return 'user';
  if (task.status === 'stopped' || task.status === 'created' || isAskedToStop(task)) return 'user';
  return task.status === 'queued' && (place === 'own queue' || place === 'another queue') ? 'user' : 'daemon';
}

const STARTED_BEFORE: Readonly<Record<AfterStart, string>> = {
  'requeued by Slurm': 'Slurm requeued the job',
  'time limit': 'The job reached its time limit',
  'cancelled extra job': 'An extra job of the task had started it and was cancelled',
};

/**
 * Parks the task again. It was read a moment ago, so this does not erase a user's abort request. Undefined if a user acted on the task
 * before it was parked: it is then left alone.
 */
async function parkAgain(
  deps: DaemonDeps,
  entry: Entry,
  { from, after: reason }: Extract<Action, { readonly do: 'park-again' }>,
): Promise<Entry | undefined> {
  try {
    await deps.clearml.tasks.unstart(entry.task, from, {
      reason,
      message: `${STARTED_BEFORE[reason]}; the task waits again.`,
    });
  } catch (error) {
    if (error instanceof LostRaceError) return undefined;
    throw error;
  }
  return parkIfClaimed(deps, entry);
}

/** Undefined if a user acted on the task before it was parked. */
async function parkIfClaimed(deps: DaemonDeps, entry: Entry): Promise<Entry | undefined> {
  await deps.clearml.queues.park(schedulerQueueOf(deps, entry), entry.task);
  if ((await readClaimed(deps, entry)) !== undefined) {
    // Otherwise the daemon would later take its own entry for that of another claim.
    const parked = { ...entry, parkedAt: deps.clock.now() };
    await deps.journal.write(parked);
    return parked;
  }
  // Its own job may have restarted and taken the entry; otherwise it must not stay there.
  await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task);
  return undefined;
}
