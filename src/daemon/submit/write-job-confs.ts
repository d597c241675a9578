// Writes the clearml.conf files of jobs to the shared directory, and removes those of ended jobs.
import type { TaskId } from '../../clearml/ids.ts';
import { isQueuedOrRunning, type Task } from '../../clearml/task.ts';
import { FileNotWrittenError, listOldFiles, removeFiles, writePrivateFile } from '../../transport/host-files.ts';
import { isTransportError } from '../../slurm/errors.ts';
import { attemptOf, formatJobName, parseJobName, parseMark } from '../../slurm/job-name.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Entry } from '../journal/entry.ts';
import { isStoppedByTerm } from '../decide/recognize-abort.ts';
import type { DaemonDeps } from '../deps.ts';
import { listJobs } from '../poll/poll.ts';
import { sharedConfFolder, sharedConfPath } from './render-job-script.ts';

/** A file is written just before its job is submitted, so the job of a younger file may still be submitted. */
const OLD_MINUTES = 10;

/** Writes the job's clearml.conf to the shared directory, if there is one. Returns why that failed, or undefined. */
export async function writeJobConf(deps: DaemonDeps, jobName: string): Promise<string | undefined> {
  const { sharedDir, jobConf, trustedGroup } = deps.job;
  if (sharedDir === undefined) return undefined;
  try {
    await writePrivateFile(deps.transport, sharedConfPath(sharedDir, jobName), jobConf, trustedGroup);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileNotWrittenError || isTransportError(error))) throw error;
    deps.log.warn("Could not write the job's clearml.conf to the shared directory", { job: jobName, err: error });
    return `the job's clearml.conf cannot be written: ${error.message}`;
  }
}

/** Removes the file of the newest attempt. The job cannot remove it: Slurm may requeue and start it again. */
export async function removeJobConf(deps: DaemonDeps, entry: Entry): Promise<void> {
  const { sharedDir } = deps.job;
  if (sharedDir === undefined || entry.attempt === undefined) return;
  const path = sharedConfPath(sharedDir, formatJobName(entry.task, entry.attempt));
  try {
    await removeFiles(deps.transport, [path]);
  } catch (error) {
    warn(deps, error);
  }
}

/**
 * Removes the files that crashes, earlier attempts and failed removals left: those of tasks that are neither queued nor in progress, and
 * that have no live job. Other daemons may share the directory, even those of other clusters and of other ClearML servers.
 */
export async function sweepJobConfs(deps: DaemonDeps, signal: AbortSignal): Promise<void> {
  const { sharedDir } = deps.job;
  if (sharedDir === undefined) return;
  try {
    const files = await listOldFiles(deps.transport, sharedConfFolder(sharedDir), OLD_MINUTES);
    const ended = await findFinished(deps, files.flatMap(parseConfName), signal);
    await removeFiles(
      deps.transport,
      ended.map((job) => sharedConfPath(sharedDir, job)),
    );
  } catch (error) {
    if (!isTransportError(error)) throw error;
    warn(deps, error);
  }
}

interface JobOfFile {
  readonly job: string;
  readonly task: TaskId;
}

function parseConfName(file: string): JobOfFile[] {
  const job = file.replace(/\.conf$/, '');
  const task = parseJobName(job)?.taskId;
  return task === undefined ? [] : [{ job, task: task as TaskId }];
}

/** Returns the names of the jobs that cannot start any more; none if Slurm does not list the jobs. */
async function findFinished(deps: DaemonDeps, jobs: readonly JobOfFile[], signal: AbortSignal): Promise<string[]> {
  const { tasks, unread } = await deps.clearml.tasks.read([...new Set(jobs.map(({ task }) => task))]);
  const over = jobs.filter(
    ({ job, task }) =>
      !unread.has(task) &&
      !deps.journal.entries.has(task) &&
      isOver(tasks.get(task), parseMark(attemptOf(job)) === deps.mark),
  );
  const list = over.length === 0 ? undefined : await listJobs(deps, signal);
  if (list === undefined) return [];
  const isLiveJob = ({ job, task }: JobOfFile): boolean =>
    list.jobs.get(task)?.some(({ name, state }) => name === job && isLive(state)) === true;
  return over.filter((one) => !isLiveJob(one)).map(({ job }) => job);
}

/**
 * Whether no job can run the task. One that this server does not know may be that of another server; one that was stopped by SIGTERM may
 * have a job on another cluster that Slurm requeued.
 */
function isOver(task: Task | undefined, isOwn: boolean): boolean {
  if (task === undefined) return isOwn;
  return !isQueuedOrRunning(task) && (isOwn || !isStoppedByTerm(task));
}

function warn(deps: DaemonDeps, error: unknown): void {
  deps.log.warn("Could not remove jobs' clearml.conf files from the shared directory", { err: error });
}
