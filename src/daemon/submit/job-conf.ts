// The jobs' own clearml.conf files in the shared folder: removed when a job is over, whatever became of it.
import type { TaskId } from '../../clearml/ids.ts';
import { listOldFiles, removeFiles } from '../../transport/files.ts';
import { isTransportError } from '../../slurm/transport-errors.ts';
import { formatJobName, readJobName } from '../../slurm/job-name.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { sharedConfFolder, sharedConfPath } from './render-task.ts';

/** A file is written a moment before its job is submitted; what is younger may be on its way. */
const OLD_MINUTES = 10;

/** Removes what the shared folder holds for the newest attempt. The job can't: Slurm may put it back and start it again. */
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
 * Removes what crashes, earlier attempts and failed removals have left behind: the files of tasks that neither wait nor run.
 * Another daemon's files go by the same rule, also where it serves another cluster.
 */
export async function sweepJobConfs(deps: DaemonDeps): Promise<void> {
  const { sharedDir } = deps.job;
  if (sharedDir === undefined) return;
  try {
    const files = await listOldFiles(deps.transport, sharedConfFolder(sharedDir), OLD_MINUTES);
    const over = await findFinished(deps, files.flatMap(readConfName));
    await removeFiles(
      deps.transport,
      over.map((job) => sharedConfPath(sharedDir, job)),
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

function readConfName(file: string): JobOfFile[] {
  const job = file.replace(/\.conf$/, '');
  const task = readJobName(job)?.taskId;
  return task === undefined ? [] : [{ job, task: task as TaskId }];
}

/** The names of the jobs whose tasks are over. */
async function findFinished({ clearml, journal }: DaemonDeps, jobs: readonly JobOfFile[]): Promise<string[]> {
  const { tasks, unread } = await clearml.tasks.read([...new Set(jobs.map(({ task }) => task))]);
  return jobs.flatMap(({ job, task }) => {
    const status = tasks.get(task)?.status;
    const mayRun = status === 'queued' || status === 'in_progress' || unread.has(task) || journal.entries.has(task);
    return mayRun ? [] : [job];
  });
}

function warn(deps: DaemonDeps, error: unknown): void {
  deps.log.warn('Removing clearml.conf files of jobs from the shared directory failed', { err: error });
}
