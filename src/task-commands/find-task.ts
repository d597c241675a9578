// Finds a task by its id, an unambiguous beginning of it, its name, or the id of its Slurm job.
import type { ClearmlClient } from '../clearml/client.ts';
import { isTaskId, type TaskId } from '../clearml/ids.ts';
import type { Task } from '../clearml/task.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { isJobId } from '../slurm/parse-job-row.ts';
import type { JobId } from '../slurm/scheduler.ts';
import { parseJobName } from '../slurm/job-name.ts';
import { isOfCluster, openCluster } from '../assembly/open-cluster.ts';
import { journalEntries } from '../daemon/journal/journal-lines.ts';
import { withClearml } from '../assembly/clearml-from-config.ts';
import type { App } from '../assembly/app.ts';
import { UsageError } from '../base/usage-error.ts';

/** How many tasks an error for an ambiguous name lists. */
const MOST_NAMED = 5;

/**
 * A full id needs no query.
 * @param command for the error if the argument is missing
 * @throws UsageError if there is none, or more than one; the errors of the client
 */
export async function findTask(app: App, text: string | undefined, command: string): Promise<TaskId> {
  if (text === undefined)
    throw new UsageError(
      `${command} needs a TASK: a task id or a unique prefix of it, a task name, or a Slurm job id. See clearml-agent-slurm status.`,
    );
  if (isTaskId(text)) return text;
  const { tasks: byJob, unusable } = isJobId(text) ? await tasksOfJob(app, text) : NO_JOB;
  const found = await withClearml(app, (clearml) => named(clearml, text, byJob));
  const [only, ...others] = found;
  if (only === undefined && unusable !== undefined) throw unusable;
  if (only === undefined)
    throw new UsageError(
      `Task "${text}" not found: no task id starts with it, and no task name or Slurm job id matches. See clearml-agent-slurm status.`,
    );
  if (others.length > 0) throw new UsageError(describeSeveral(text, found));
  return only.id;
}

/** A number is a job id first. */
async function named({ tasks }: ClearmlClient, text: string, byJob: readonly TaskId[]): Promise<readonly Task[]> {
  if (byJob.length > 0) return [...(await tasks.read(byJob)).tasks.values()];
  return tasks.search(text, MOST_NAMED + 1);
}

function describeSeveral(text: string, found: readonly Task[]): string {
  const shown = found.slice(0, MOST_NAMED).map(({ id, name, status }) => `\n  ${id}  ${status}  ${name}`);
  return `"${text}" matches more than one task. Give one of these ids, or a unique prefix of it:${shown.join('')}${found.length > MOST_NAMED ? '\n  …' : ''}`;
}

interface TasksOfJob {
  readonly tasks: readonly TaskId[];
  /** Why a cluster that may have the job cannot be used; undefined if there is none. */
  readonly unusable: Error | undefined;
}

const NO_JOB: TasksOfJob = { tasks: [], unusable: undefined };

/** From the journal, else from Slurm. */
async function tasksOfJob(app: App, job: JobId): Promise<TasksOfJob> {
  const found = new Set<TaskId>();
  let unusable: Error | undefined;
  for (const cluster of app.config.settings.clusters) {
    const entries = [...(await journalEntries(cluster.stateDir)).values()];
    try {
      const known = entries.find(({ jobId }) => jobId === job)?.task ?? (await askSlurm(app, cluster, job));
      if (known !== undefined) found.add(known);
    } catch (error) {
      if (!isOfCluster(error)) throw error;
      unusable ??= error;
    }
  }
  return { tasks: [...found], unusable };
}

/** @throws the errors of `isOfCluster` */
async function askSlurm(app: App, cluster: ClusterSettings, job: JobId): Promise<TaskId | undefined> {
  const { host, scheduler } = await openCluster(app, cluster, app.log);
  try {
    // Only among our own jobs: any user can give a job the name of a task.
    const list = await scheduler.list();
    const own = list.kind === 'listed' ? list.jobs.find(({ id }) => id === job) : undefined;
    return parseJobName(own?.name ?? '')?.taskId as TaskId | undefined;
  } finally {
    await host.close();
  }
}
