// Runs one task as a Slurm job without a daemon, shows its console meanwhile, and ends as the task has ended.
import type { App } from '../assembly/app.ts';
import { ServerUnreachableError, winsRace } from '../clearml/errors.ts';
import type { TaskId } from '../clearml/ids.ts';
import { planStart, readTaskState } from './plan-start.ts';
import { trackOneTask, type OneTaskEnd } from './track-one-task.ts';
import type { DaemonDeps } from '../daemon/deps.ts';
import { lastJobOf } from '../daemon/end/status-reasons.ts';
import { accountOf } from '../daemon/users/unix-users.ts';
import { unlessUnavailable } from '../slurm/errors.ts';
import { parseJobName } from '../slurm/job-name.ts';
import type { JobId } from '../slurm/scheduler.ts';
import { createConsoleView } from '../clearml/new-console-lines.ts';
import { findTask } from '../task-commands/find-task.ts';
import { withOneTask, type OneTask, type OneTaskOptions } from './open-task.ts';
import { UsageError } from '../base/usage-error.ts';

export interface ExecuteOptions extends OneTaskOptions {
  /** The task as the user named it. */
  readonly id: string | undefined;
  /** The command line that tracks the same task again. */
  readonly commandFor: (task: TaskId, change?: { readonly queue: string | undefined }) => string;
  /** Prints console output of the task. */
  readonly print: (text: string) => void;
}

export type ExecuteEnd =
  | { readonly isOver: false }
  /** The exit code of the job; undefined if it is unknown or 0. */
  | { readonly isOver: true; readonly isCompleted: boolean; readonly exitCode: number | undefined };

/** Resolves when the task has ended or the process is stopped. @throws what prevents the task from running, see explain-error.ts */
export async function executeTask(app: App, options: ExecuteOptions): Promise<ExecuteEnd> {
  const { context } = app;
  const { pollIntervalMs, queuePollIntervalMs } = app.config.settings.slurm;
  const intervals = { pollMs: pollIntervalMs, queueMs: queuePollIntervalMs };
  const id = await findTask(app, options.id, 'execute');
  return withOneTask<ExecuteEnd>(options, app, id, async (one) => {
    const { deps, queue, task, lock } = one;
    const console = createConsoleView(deps.clearml.events, task, options.print);
    await console.skip();
    refuseOtherQueue(one, options);
    await begin(one, options, context);
    context.stderr(`Tracking task ${task}. Ctrl-C stops tracking; the task continues.\n`);
    const show = (): Promise<void> => console.show();
    const end = await trackOneTask(deps, { task, queue, intervals, stop: context.stop, lock, show });
    if (!end.isOver) {
      context.stderr(describeLeft(end, task, options.commandFor(task)));
      return { end: { isOver: false }, isOver: false };
    }
    return { end: await endOf(deps, end, show), isOver: true };
  });
}

/** A task that an earlier call claimed must end from its queue and with its template. @throws UsageError */
function refuseOtherQueue({ deps, queue, task, ownQueueName }: OneTask, { commandFor }: ExecuteOptions): void {
  const known = deps.journal.entries.get(task);
  if (known === undefined || known.queue === queue.id) return;
  const before = known.queueName === ownQueueName ? undefined : known.queueName;
  throw new UsageError(
    `Task ${task} was started from queue "${known.queueName}" by an earlier run of execute. To track it again, run: ${commandFor(task, { queue: before })}`,
  );
}

/** Changes the task only if it is about to run. @throws UsageError if it cannot be run */
async function begin(
  { deps, queue, task }: OneTask,
  { container }: ExecuteOptions,
  { stderr, stop }: App['context'],
): Promise<void> {
  const setImage = async (): Promise<void> => {
    if (container !== undefined) await deps.clearml.tasks.setImage(task, container);
  };
  const beginning = planStart(await readTaskState(deps, task, queue, stop), queue.id);
  switch (beginning.do) {
    case 'refuse':
      throw new UsageError(`Task ${task} cannot be run because ${beginning.why}.`);
    case 'watch':
      stderr(
        `Task ${task} is already submitted${container === undefined ? '' : ', so --container has no effect on it'}.\n`,
      );
      return;
    case 'claim':
      return setImage();
    case 'enqueue':
      await setImage();
      await enqueue({ deps, queue, task });
  }
}

async function enqueue({ deps, queue, task }: Pick<OneTask, 'deps' | 'queue' | 'task'>): Promise<void> {
  if (await winsRace(deps.clearml.tasks.enqueue(task, queue.id))) return;
  throw new UsageError(
    `Another user changed task ${task} while execute enqueued it. Check the task, then repeat this command.`,
  );
}

function describeLeft({ jobId }: OneTaskEnd, task: TaskId, again: string): string {
  const fact = jobId === undefined ? 'it has no Slurm job yet' : `Slurm job ${jobId} continues`;
  // Indented lines are never wrapped, so that they can be copied.
  return `Stopped tracking the task; ${fact}. To track it again:\n  ${again}\nTo end the task:\n  clearml-agent-slurm cancel ${task}\n`;
}

/**
 * The task has ended, so its result is the result, whether or not the rest can be read.
 * @param show shows the end of the console
 */
export async function endOf(
  deps: Pick<DaemonDeps, 'unixUsers'> & {
    readonly scheduler: Pick<DaemonDeps['scheduler'], 'record'>;
    readonly log: Pick<DaemonDeps['log'], 'warn'>;
  },
  { task, jobId }: OneTaskEnd,
  show: () => Promise<void>,
): Promise<ExecuteEnd> {
  await show().catch((error: unknown) => {
    if (!(error instanceof ServerUnreachableError)) throw error;
    deps.log.warn('The end of the console could not be read', { err: error });
  });
  if (task !== undefined && GOOD_ENDS.includes(task.status))
    return { isOver: true, isCompleted: true, exitCode: undefined };
  const runAs = accountOf(deps.unixUsers, task?.user);
  const last = jobId ?? (task === undefined ? undefined : (lastJobOf(task) as JobId | undefined));
  const record = last === undefined ? undefined : await unlessUnavailable(deps.scheduler.record(last, { runAs }));
  // Slurm reuses ids, and any user can give a job this name.
  const isIts = parseJobName(record?.name ?? '')?.taskId === task?.id && record?.isOthers !== true;
  const code = isIts ? record?.exitCode : undefined;
  return { isOver: true, isCompleted: false, exitCode: code === 0 ? undefined : code };
}

const GOOD_ENDS: readonly string[] = ['completed', 'closed', 'publishing', 'published'];
