// Records in the history that the attempt of a journal entry is over.
import type { Task } from '../../clearml/task.ts';
import type { EndedAttempt } from '../../history/ended-attempt.ts';
import { countNodes } from '../../slurm/squeue-nodes-and-gpus.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { historyCauseOf, type LastAction } from './history-cause.ts';
import type { StatusReason } from './status-reasons.ts';

interface Seen {
  readonly task: Task | undefined;
  /** The jobs of the task, if Slurm listed them. */
  readonly jobs?: readonly Job[] | undefined;
  /** Of the action `end`. */
  readonly reason?: StatusReason;
}

/**
 * Call it before the entry is forgotten or gets another attempt: if the daemon is killed in between, the next pass records the same end
 * again, which counts once. An entry without a job is recorded only if its task ended. Never rejects.
 */
export async function recordEnd(
  { history, clock, cluster, queues }: Pick<DaemonDeps, 'history' | 'clock' | 'cluster' | 'queues'>,
  entry: Entry,
  action: LastAction,
  { task, jobs = [], reason }: Seen,
): Promise<void> {
  if (entry.jobId === undefined && action !== 'end') return;
  const served = queues.find(({ id }) => id === entry.queue);
  const job = jobs.find(({ id }) => id === entry.jobId);
  const hasStarted = job?.startAt !== undefined && job.startAt <= clock.now() && job.nodes !== undefined;
  await history.record({
    task: entry.task,
    attempt: entry.attempt,
    job: entry.jobId,
    recordedAt: clock.now(),
    cluster: cluster.clusterName,
    queue: entry.queueName,
    cause: historyCauseOf({ action, reason, task, job }),
    state: job?.stateWord,
    userId: task?.user ?? entry.origin?.userId,
    userName: entry.origin?.userName,
    project: entry.origin?.project,
    template: served?.templatePath ?? served?.template.file,
    unixUser: entry.unixUser?.name,
    partition: job?.partition,
    enqueuedAt: entry.origin?.enqueuedAt,
    submittedAt: job?.submittedAt,
    startedAt: hasStarted ? job.startAt : undefined,
    endedAt: job?.endedAt,
    ...(job === undefined || !hasStarted ? {} : timesOf(job)),
  });
}

/** The figures of the last run, as far as Slurm's list shows them. */
function timesOf({
  submittedAt,
  startAt,
  endedAt,
  nodes,
}: Job): Pick<EndedAttempt, 'elapsedSec' | 'waitSec' | 'nodeSec'> {
  const elapsedSec = secondsBetween(startAt, endedAt);
  const nodeCount = nodes === undefined ? undefined : countNodes(nodes);
  return {
    elapsedSec,
    waitSec: secondsBetween(submittedAt, startAt),
    nodeSec: elapsedSec === undefined || nodeCount === undefined ? undefined : elapsedSec * nodeCount,
  };
}

function secondsBetween(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined || to < from ? undefined : Math.round((to - from) / 1000);
}
