// Runs one task as a Slurm job without a daemon, shows its console meanwhile, and ends as the task has ended.
import { commonOptions } from '../setting-options.ts';
import { LostRaceError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { planStart } from '../../daemon/execute/begin.ts';
import { runOneTask, type OneTaskEnd } from '../../daemon/execute/run.ts';
import { readTaskState } from '../../daemon/execute/stand.ts';
import { readJobName } from '../../slurm/job-name.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import type { CommandContext, Typed } from '../command.ts';
import { createConsoleView } from '../console-view.ts';
import { executeAgain } from '../execute-again.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { forReader } from '../for-reader.ts';
import { findTask } from '../find-task.ts';
import { withOneTask, type OneTask, type OneTaskOptions } from '../../daemon/execute/open-task.ts';
import { createApp } from '../../assembly/app.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';

/**
 * Returns `ok` when the task has completed, else its job's exit code, else `failed`; `tryAgain` when it has not ended yet.
 * @throws what keeps it from being run, each with a sentence in explain.ts's table
 */
export async function execute(typed: Typed, context: CommandContext): Promise<number> {
  // One queue is meant here, not all that are served. And what becomes of the task is in its console, which is shown.
  const app = createApp(commonOptions({ ...typed, queue: undefined }), context, 'warn');
  const { pollIntervalMs, queuePollIntervalMs } = app.config.settings.slurm;
  const intervals = { pollMs: pollIntervalMs, queueMs: queuePollIntervalMs };
  try {
    const id = await findTask(app, textOption(typed, 'id'), 'execute');
    return await withOneTask(oneTaskOptions(typed), app, id, async (one) => {
      const { deps, queue, task, lock } = one;
      const console = createConsoleView(deps.clearml.events, task, (text) => context.stdout(forReader(context, text)));
      await console.skip();
      refuseOtherQueue(one, typed);
      await begin(one, context);
      context.stderr(`Following task ${task}. Ctrl-C ends this, and leaves the task alone.\n`);
      const end = await runOneTask(deps, {
        task,
        queue,
        intervals,
        stop: context.stop,
        lock,
        show: () => console.show(),
      });
      if (!end.isOver) {
        context.stderr(describeLeft(end, task, executeAgain(typed, task)));
        return { end: EXIT.tryAgain, isOver: false };
      }
      await console.show();
      return { end: await exitCodeOf(one, end), isOver: true };
    });
  } finally {
    await app.closeLog();
  }
}

function oneTaskOptions(typed: Typed): OneTaskOptions {
  return {
    queue: textOption(typed, 'queue'),
    template: textOption(typed, 'template'),
    container: textOption(typed, 'container'),
    createQueue: switchOption(typed, 'create-queue') === true,
    clone: switchOption(typed, 'clone') === true,
  };
}

/** What an earlier call has begun is ended from the queue that it was taken from, and by its template. @throws UsageError */
function refuseOtherQueue({ deps, queue, task, ownQueueName }: OneTask, typed: Typed): void {
  const known = deps.journal.entries.get(task);
  if (known === undefined || known.queue === queue.id) return;
  const before = known.queueName === ownQueueName ? undefined : known.queueName;
  throw new UsageError(
    `Task ${task} was begun in queue "${known.queueName}" by an earlier execute, and goes on from there: ${executeAgain({ ...typed, queue: before }, task)}`,
  );
}

/** @throws UsageError when it can't be run */
async function begin({ deps, queue, task }: OneTask, { stderr, stop }: CommandContext): Promise<void> {
  const beginning = planStart(await readTaskState(deps, task, queue, stop), queue.id);
  switch (beginning.do) {
    case 'refuse':
      throw new UsageError(`Task ${task} can't be run: ${beginning.why}.`);
    case 'watch':
      stderr(`Task ${task} is on its way already.\n`);
      return;
    case 'take':
      return;
    case 'enqueue':
      await enqueue({ deps, queue, task });
  }
}

async function enqueue({ deps, queue, task }: Pick<OneTask, 'deps' | 'queue' | 'task'>): Promise<void> {
  try {
    await deps.clearml.tasks.enqueue(task, queue.id);
  } catch (error) {
    if (!(error instanceof LostRaceError)) throw error;
    throw new UsageError(`Somebody else changed task ${task} at the same moment. Look at it, and try again.`);
  }
}

function describeLeft({ jobId }: OneTaskEnd, task: TaskId, again: string): string {
  const fact = jobId === undefined ? 'no Slurm job of the task was seen yet' : `Slurm job ${jobId} goes on`;
  // Indented lines are never broken: they are there to be copied.
  return `No longer followed: ${fact}. To follow it again:\n  ${again}\nTo end it:\n  clearml-agent-slurm cancel ${task}\n`;
}

async function exitCodeOf({ deps }: OneTask, { task, jobId }: OneTaskEnd): Promise<number> {
  if (task !== undefined && GOOD_ENDS.includes(task.status)) return EXIT.ok;
  const last = jobId ?? (task?.slurmJob as JobId | undefined);
  const record = last === undefined ? undefined : await deps.scheduler.record(last);
  // Ids are handed out again, and anybody may give a job this name.
  const isIts = readJobName(record?.name ?? '')?.taskId === task?.id && record?.isOthers !== true;
  const code = isIts ? record?.exitCode : undefined;
  return code === undefined || code === 0 ? EXIT.failed : code;
}

const GOOD_ENDS: readonly string[] = ['completed', 'closed', 'publishing', 'published'];
