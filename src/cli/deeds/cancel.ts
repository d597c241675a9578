// Aborts a task as the web page does, and says who ends its job.
import { commonOptions } from '../setting-options.ts';
import { systemClock } from '../../base/clock.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { findHolder } from '../../daemon/journal/lock.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { findTask } from '../find-task.ts';
import { journalEntries } from '../../daemon/serve/journal-entries.ts';
import { createClearml } from '../../assembly/create-clearml.ts';
import { createApp, type App } from '../../assembly/app.ts';
import { tellResult } from '../tell-result.ts';
import { textOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';

/** Returns `failed` for a task that neither waits nor runs. @throws UsageError, what the client throws */
export async function cancel(typed: Typed, context: CommandContext): Promise<number> {
  const app = createApp(commonOptions(typed), context);
  const clearml = createClearml(app);
  try {
    const id = await findTask(app, textOption(typed, 'task'), 'cancel');
    await clearml.connect();
    const task = (await clearml.tasks.get(id))?.task;
    if (task === undefined) throw new UsageError(`Task ${id} not found. Copy its id from the web page.`);
    if (task.status !== 'queued' && task.status !== 'in_progress') {
      context.stderr(`Task ${id} (${task.name}) is ${task.status}: there is nothing to cancel.\n`);
      return EXIT.failed;
    }
    await clearml.tasks.abort(id);
    const after = (await clearml.tasks.get(id))?.task;
    tellResult(context, `${describeAbort(task, after)} ${await describeJob(app, id)}\n`);
    return EXIT.ok;
  } finally {
    await clearml.close();
    await app.closeLog();
  }
}

/** A server ends a task at once, or asks the agent that runs it to do so. */
function describeAbort({ id, name }: Task, after: Task | undefined): string {
  return after?.status === 'in_progress'
    ? `Task ${id} (${name}): its agent was asked to end it.`
    : `Task ${id} (${name}) was aborted.`;
}

async function describeJob({ config, context }: App, task: TaskId): Promise<string> {
  for (const { stateDir } of config.settings.clusters) {
    const entry = (await journalEntries(stateDir)).get(task);
    if (entry === undefined) continue;
    const job = entry.jobId === undefined ? 'Its Slurm job' : `Slurm job ${entry.jobId}`;
    const daemon = await findHolder(stateDir, context.hostName, systemClock.now());
    if (daemon !== undefined) return `The daemon sees to it that ${job.replace('Its', 'its')} ends.`;
    return `No daemon runs: ${job} is cancelled once one is started${entry.jobId === undefined ? '' : `; scancel ${entry.jobId} ends it now`}.`;
  }
  return 'No Slurm job of it is known here.';
}
