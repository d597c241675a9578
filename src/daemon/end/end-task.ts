// Ends or dequeues a task whose agent did not, with Slurm's reason and the end of the job's log.
import { readTaskState } from '../../clearml/read-task-state.ts';
import { winsRace } from '../../clearml/errors.ts';
import type { ConsoleLine } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { readClaimed } from '../claim/park.ts';
import { describeHopeless } from '../console/console-messages.ts';
import { cleanLogTail, adviceIn, failedRankIn } from '../console/log-lines.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import { showsCompletion } from '../decide/recognize-agent-messages.ts';
import type { Ending } from '../decide/action.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/write-job-confs.ts';
import type { JobLog } from '../console/job-log-reader.ts';
import { hasSameState } from '../poll/plan-task-reads.ts';
import { recordEnd } from './record-end.ts';
import type { StatusReason } from './status-reasons.ts';
import { logToConsole } from '../console/write-to-console.ts';

export interface EndBasis {
  /** The task when the decision was made. */
  readonly seen: Task;
  /** Whether it is parked: its entry is then removed first, so that no job can start the task. */
  readonly isParked: boolean;
  /** Slurm's record of the job, with the path of its log. */
  readonly record?: JobRecord | undefined;
  /** The jobs of the task, if Slurm listed them. */
  readonly jobs?: readonly Job[] | undefined;
}

const TAIL_LINES = 30;
/** The web page shows about this many characters of a status message. */
const MESSAGE_LENGTH = 200;

/**
 * Ends the task and forgets it. If an abort, another job or another daemon was first, nothing is changed or reported, and the next pass
 * observes the result.
 */
export async function endTask(deps: DaemonDeps, entry: Entry, decided: Ending, basis: EndBasis): Promise<void> {
  const decides = decided.status === 'completed by the log';
  const log = decided.withLog ? await deps.jobLogs.read(basis.record, { decides }) : undefined;
  const ending = showsMemoryLimit(log) ? (decided.atMemoryLimit ?? decided) : decided;
  if (basis.isParked && !(await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task))) return;
  if (!basis.isParked && basis.seen.status === 'queued' && (await isEnqueued(deps, basis.seen))) return;
  if (!(await isUnchanged(deps, entry.task, basis.seen))) return;

  const status = ending.status === 'completed by the log' ? statusFromLog(log) : ending.status;
  const rank = ending.namesRank === true ? failedRankIn(log) : '';
  const advice = ending === decided ? adviceIn(log) : [];
  const message = `${ending.text}${advice.length === 0 ? (ending.guess ?? '') : ''}`;
  const text = `${rank}${message}`;
  const note = { reason: ending.reason, message: text.slice(0, MESSAGE_LENGTH) };
  const { tasks } = deps.clearml;
  const change =
    // The server lets a queued task fail only with `force`.
    status === 'failed'
      ? tasks.fail(entry.task, note, { force: basis.seen.status === 'queued' })
      : status === 'stopped'
        ? tasks.stop(entry.task, note, { force: false })
        : tasks.complete(entry.task, note);
  if (!(await winsRace(change))) return;
  deps.log.info('Ended the task', {
    task: entry.task,
    job: entry.jobId,
    queue: entry.queueName,
    status,
    why: text,
  });
  await recordEnd(deps, entry, 'end', { task: basis.seen, jobs: basis.jobs, reason: ending.reason });
  await deps.journal.forget(entry.task);

  const lines: ConsoleLine[] = [{ level: status === 'failed' ? 'ERROR' : 'WARNING', text }];
  if (status === 'failed' && log !== undefined) {
    lines.push(...advice, { level: 'INFO', text: quoteLog(log, entry.unixUser?.name) });
  }
  await logToConsole(deps, entry.task, ...lines);
  await removeJobConf(deps, entry);
}

/** Whether a user has enqueued the task between the poll's reading of the queues and that of the task. */
async function isEnqueued({ clearml }: DaemonDeps, { id, executionQueue }: Task): Promise<boolean> {
  if (executionQueue === undefined) return false;
  const { queues } = await clearml.queues.read([executionQueue]);
  return queues.some(({ entries }) => entries.some(({ task }) => task === id));
}

/**
 * Dequeues a task that a user removed from the scheduler queue: it gets the status that it had before it was enqueued. If another change was
 * first, nothing is changed or reported, and the next pass observes the result.
 */
export async function dequeueTask(deps: DaemonDeps, entry: Entry, text: string): Promise<void> {
  const reason: StatusReason = 'removed from the scheduler queue';
  if (!(await winsRace(deps.clearml.tasks.dequeue(entry.task, { reason, message: '' })))) return;
  deps.log.info('Restored the previous status of a task that a user removed from the scheduler queue', {
    task: entry.task,
    job: entry.jobId,
    queue: entry.queueName,
  });
  await deps.journal.forget(entry.task);
  await logToConsole(deps, entry.task, { level: 'INFO', text });
  await removeJobConf(deps, entry);
}

/** Fails a parked task that gets no job. */
export function failParked(
  deps: DaemonDeps,
  entry: Entry,
  { task, reason, text }: { readonly task: Task; readonly reason: StatusReason; readonly text: string },
): Promise<void> {
  return endTask(deps, entry, { status: 'failed', reason, text, withLog: false }, { seen: task, isParked: true });
}

/**
 * Fails a parked task whose sbatch failed again and again while Slurm accepted the jobs of others. Does nothing if the task is no longer the
 * claimed one: the next pass finds out why.
 * @param why what sbatch printed
 */
export async function failAsHopeless(deps: DaemonDeps, entry: Entry, why: string): Promise<void> {
  // When it was enqueued does not count here, as the task is parked.
  const read = await readClaimed(deps, { ...entry, queuedAt: undefined });
  if (read === undefined) return;
  deps.log.info('Failing the task: sbatch fails each time for this task, but not for others', {
    task: entry.task,
    queue: entry.queueName,
    slurm: why,
  });
  await failParked(deps, entry, { task: read.task, reason: 'rejected by Slurm', text: describeHopeless(why) });
}

/**
 * Reads the task again right before a change that could overwrite a user's action. Every status change and every abort request has its own
 * time on the server, so a task that was reset and enqueued again differs from the one that was seen, even with the same status.
 */
export async function isUnchanged(deps: DaemonDeps, id: TaskId, seen: Task | undefined): Promise<boolean> {
  return hasSameState(await readTaskState(deps.clearml.tasks, id), seen);
}

/** What slurmd has slurmstepd write before it cancels the job. */
const AT_MEMORY_LIMIT = /error: Exceeded job memory limit$/m;

function showsMemoryLimit(log: JobLog | undefined): boolean {
  return log?.kind === 'read' && AT_MEMORY_LIMIT.test(log.tail);
}

function statusFromLog(log: JobLog | undefined): 'completed' | 'failed' {
  return log?.kind === 'read' && showsCompletion(log.tail) ? 'completed' : 'failed';
}

/** @param user the Unix user of the job, if it is another one than the daemon's */
function quoteLog(log: JobLog, user?: string): string {
  if (log.kind === 'not shown')
    return user === undefined
      ? log.why
      : `${log.why} The log belongs to ${user}. If the job reported the last lines of the log, they are above.`;
  const tail = cleanLogTail(log.tail, TAIL_LINES);
  return tail === '' ? `The job's log ${log.path} is empty.` : `The last lines of the job's log ${log.path}:\n${tail}`;
}
