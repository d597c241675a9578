// Aborts a task as the web page does, and reports what cancels its job.
import { systemClock } from '../base/clock.ts';
import type { TaskId } from '../clearml/ids.ts';
import { isQueuedOrRunning, type Task } from '../clearml/task.ts';
import type { Entry } from '../daemon/journal/entry.ts';
import { findHolder } from '../daemon/journal/lock.ts';
import { findTask } from './find-task.ts';
import { journalEntries } from '../daemon/journal/journal-lines.ts';
import { messageOf } from '../base/error-message.ts';
import { oneTaskStateDir } from '../daemon/serve/derive-names-and-job-settings.ts';
import { createClearml } from '../assembly/clearml-from-config.ts';
import type { App } from '../assembly/app.ts';
import { UsageError } from '../base/usage-error.ts';

export interface Cancellation {
  /** False for a task that is neither queued nor running. */
  readonly isCancelled: boolean;
  readonly message: string;
}

/** @param named as the user named it @throws UsageError, and the errors of the client */
export async function cancelTask(app: App, named: string | undefined): Promise<Cancellation> {
  const clearml = createClearml(app);
  try {
    const id = await findTask(app, named, 'cancel');
    await clearml.connect();
    const task = (await clearml.tasks.get(id))?.task;
    if (task === undefined) throw new UsageError(`Task ${id} not found. Copy its id from the web page.`);
    if (!isQueuedOrRunning(task)) {
      return {
        isCancelled: false,
        message: `Task ${id} (${task.name}) is ${task.status}: there is nothing to cancel.\n`,
      };
    }
    await clearml.tasks.abort(id);
    const after = (await clearml.tasks.get(id))?.task;
    // The task is aborted, whatever a state directory tells.
    const job = await describeJob(app, id).catch((error: unknown) => `Its Slurm job is unknown: ${messageOf(error)}`);
    return { isCancelled: true, message: `${describeAbort(task, after)} ${job}\n` };
  } finally {
    await clearml.close();
  }
}

/** The server ends a task at once, or requests its agent to stop it. */
function describeAbort({ id, name }: Task, after: Task | undefined): string {
  return after?.status === 'in_progress'
    ? `Task ${id} (${name}): the agent of the task was asked to stop the task.`
    : `Task ${id} (${name}) was aborted.`;
}

async function describeJob({ config, context }: App, task: TaskId): Promise<string> {
  for (const cluster of config.settings.clusters) {
    for (const isOfExecute of [false, true]) {
      const stateDir = isOfExecute ? oneTaskStateDir(cluster, task) : cluster.stateDir;
      const entry = (await journalEntries(stateDir)).get(task);
      if (entry === undefined) continue;
      const isTracked = (await findHolder(stateDir, context.hostName, systemClock.now())) !== undefined;
      return describeCancel(entry, { isOfExecute, isTracked });
    }
  }
  return 'No Slurm job of this task is known here.';
}

function describeCancel(
  entry: Entry,
  { isOfExecute, isTracked }: { readonly isOfExecute: boolean; readonly isTracked: boolean },
): string {
  const job = entry.jobId === undefined ? "the task's Slurm job" : `Slurm job ${entry.jobId}`;
  if (isTracked) return `The ${isOfExecute ? 'running execute' : 'daemon'} cancels ${job}.`;
  const now = entry.jobId === undefined ? '' : `; to cancel it now, run: ${asUser(entry)}scancel ${entry.jobId}`;
  const fact = isOfExecute
    ? `Neither a daemon nor execute tracks ${job}`
    : `No daemon is running. The next daemon cancels ${job}`;
  return `${fact}${now}.`;
}

function asUser({ unixUser }: Pick<Entry, 'unixUser'>): string {
  return unixUser === undefined ? '' : `sudo -u ${unixUser.name} `;
}
