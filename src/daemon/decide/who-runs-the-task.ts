// Who runs a task that is in progress: the daemon may end or park again only what its own job ran. A job that found the gate closed ran nothing.
import type { Task } from '../../clearml/task.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import type { Observation } from './observation.ts';
import { JOB_EXIT_CODES } from '../../sbatch-template/job-script/job-exit-codes.ts';

/**
 * Whether this job was the last to report for the task. The worker id of a job is `<daemon>:<job id>`, followed by `:<rank>` if the job
 * has several nodes.
 */
export function ranAs(task: Task | undefined, job: Pick<Job, 'id'>): boolean {
  return new RegExp(`:${job.id}(:\\d+)?$`).test(task?.lastWorker ?? '');
}

/**
 * Whether the task names this job. Any user of the cluster can give a job a name like ours, so another user's job counts only then. If
 * an ignored job is real after all, the gate lets only one of the two jobs run the parked task.
 */
export function namesJob(task: Task, job: Pick<Job, 'id'>, cluster: string): boolean {
  return (task.slurmJob === job.id && (task.slurmCluster ?? cluster) === cluster) || ranAs(task, job);
}

/** Marks the worker of a task that a job of another cluster runs: here, the same job id is that of another job. */
export function withClusterOfWorker(task: Task, isOfOtherCluster: (worker: string | undefined) => boolean): Task {
  return isOfOtherCluster(task.lastWorker) ? { ...task, lastWorker: `${task.lastWorker} on another cluster` } : task;
}

/**
 * Whether another job or agent may run the task: the last report is recent and not from this job, or the task was enqueued elsewhere.
 * An agent that died between its first request and its first report looks the same for a while.
 */
export function mayRunElsewhere(task: Task, job: Job, observation: Observation): boolean {
  return (!ranAs(task, job) || isEnqueuedElsewhere(task, observation)) && !isSilent(task, observation);
}

/**
 * Whether an agent has reported since the status was set. An agent that takes the task reports at once, so the last worker has set this
 * status; before that report, the last worker may be that of an earlier run.
 */
export function hasReportedSinceStatus({ lastUpdate = 0, statusChanged = Infinity }: Task): boolean {
  return lastUpdate > statusChanged;
}

/** Whether the task had no report for so long that no agent can be alive. */
export function isSilent(task: Task, { now, gracePeriods }: Observation): boolean {
  return now - (task.lastUpdate ?? 0) >= gracePeriods.absentMs;
}

/**
 * Whether the task was enqueued elsewhere since it was claimed: what happens to it there is not ours. A job that passed the gate just
 * before still starts it, and that run is ours.
 */
export function isEnqueuedElsewhere(task: Task, { entry }: Observation): boolean {
  return task.executionQueue !== entry.queue;
}

/** Whether the gate ended the job: the task was not its own, so it ran nothing. */
export function isGateClosed(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  if (job.state !== 'FAILED' || record === undefined || record === 'gone') return false;
  return record.exitCode === JOB_EXIT_CODES.gateClosed.code;
}

/** Whether Slurm requeued the job, which ran the task in an earlier start and then found the gate closed. */
export function isBackAtGate(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  return isGateClosed(job, record) && record !== 'gone' && (record?.restarts ?? 0) > 0;
}
