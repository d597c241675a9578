// The invariants of every state, and of every call by which a daemon changes a task.
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { JournalValue } from './journal-value.ts';
import type { State } from './state.ts';
import { isAlive, isAtWork, type ServerCall, type World } from './world.ts';

/** A daemon reports the end of a task with these calls. */
const ENDS = ['tasks.failed', 'tasks.stopped', 'tasks.completed'];
/** Calls that may override another owner of the task. */
const FORCED = [...ENDS, 'tasks.dequeue', 'tasks.started'];

export function violationIn({ world, incarnations }: State): string | undefined {
  const runs = world.jobs.filter(isAtWork).length + (world.isRunElsewhere ? 1 : 0);
  if (runs > 1) return 'two runs at once';
  const { task, aborted } = world;
  if (aborted === 'at once' && task !== undefined && task.status !== 'stopped')
    return `an abort was forgotten: ${task.status}`;
  if (aborted === 'asked' && task !== undefined) {
    const isOver = task.status !== 'queued' && task.status !== 'created';
    const isStillAsked = task.status !== 'in_progress' || task.message === 'stopping';
    if (!isOver || !isStillAsked) return `a request to stop was forgotten: ${task.status}`;
  }
  if (aborted === 'overwritten' && task !== undefined) {
    if (task.status === 'queued' || task.status === 'created')
      return `an abort that the daemon had recorded was forgotten: ${task.status}`;
    const journal = incarnations[0]?.journal ?? '';
    if (task.status === 'in_progress' && journal !== '' && !hasRecordedAbort(journal))
      return 'the daemon forgot an abort that it had recorded';
  }
  return incarnations.find(({ pass }) => pass?.moment.death !== undefined)?.pass?.moment.death;
}

/** Whether the journal of a daemon has the user's request to stop the task. */
export function hasRecordedAbort(journal: JournalValue): boolean {
  return journal.includes('"stoppingSince"');
}

/** The violation by a daemon's call that the server executed; undefined if there is none. */
export function violationByCall({ endpoint }: ServerCall, before: World, after: World): string | undefined {
  if (endpoint === 'tasks.stop' && before.aborted === '')
    return 'a daemon aborted a task that its user had not aborted last';
  if (!FORCED.includes(endpoint) || before.task === after.task || before.task === undefined) return undefined;
  const isRun = before.isRunElsewhere || before.jobs.some(isAtWork);
  const isTaken = before.jobs.some(({ state, phase }) => state === 'RUNNING' && phase !== 'new');
  // A queued task may be updated with the time since which it waits. A task that no agent has begun may be queued again: a job that
  // has claimed it still begins it.
  const waitsOn = before.task.status === 'queued' && after.task?.status === 'queued';
  if ((isRun && !waitsOn) || (isTaken && ENDS.includes(endpoint)))
    return `a daemon called ${endpoint} on a task that runs`;
  if (before.entries.other !== 0) return `a daemon called ${endpoint} on a task that waits in another queue`;
  if (endpoint === 'tasks.dequeue' && after.task?.status !== 'queued' && !before.removed)
    return 'a daemon dequeued a task that its user had not removed from the scheduler queue';
  if (before.task.message === 'stopping' && after.task?.status !== 'stopped')
    return `a daemon called ${endpoint} on a task that was asked to stop`;
  return undefined;
}

/** A job is wasted if Slurm has shown another live one all the time. Each of two daemons may submit one. */
export function violationByJob(before: World, after: World): string | undefined {
  if (after.jobs.length <= before.jobs.length) return undefined;
  const old = before.jobs.find((job) => (job.state === 'PENDING' || job.state === 'RUNNING') && !job.wasInFlight);
  return old === undefined ? undefined : `a job was submitted although job ${old.id} lives`;
}

/** The task has ended or is a draft, and nothing of it is left anywhere. */
export function isGoodEnd({ world, incarnations }: State): boolean {
  const status = world.task?.status;
  if (status === 'queued' || status === 'in_progress' || world.isRunElsewhere || world.late !== undefined) return false;
  const { own, scheduler, other } = world.entries;
  if (own !== 0 || scheduler !== 0 || other !== 0 || world.jobs.some(isAlive)) return false;
  if (isStoppedByRequeueAlone(world)) return false;
  // The second daemon may be dead at any point.
  return incarnations[0]?.pass === undefined && incarnations[0]?.journal === '';
}

/**
 * The task was not aborted: its agent got a SIGTERM when Slurm requeued the job, and the gate rejected the next start of that job.
 * As long as Slurm shows that job the task must run again.
 */
function isStoppedByRequeueAlone({ task, jobs }: World): boolean {
  const last = jobs.at(-1);
  if (task?.status !== 'stopped' || task.reason !== 'user abort' || last === undefined || last.isPurged) return false;
  const isBackAtGate = last.state === 'FAILED' && last.exitCode === JOB_EXIT_CODES.gateClosed.code && last.restarts > 0;
  return isBackAtGate && task.worker === `${last.worker}:${last.id}`;
}
