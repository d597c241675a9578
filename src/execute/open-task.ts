// Everything that is needed to run one task without a daemon, opened one after the other and closed again.
import { rm, rmdir } from 'node:fs/promises';
import { journalFile } from '../daemon/journal/journal-lines.ts';
import { systemClock } from '../base/clock.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { DaemonDeps, ServedQueue } from '../daemon/deps.ts';
import { acquireLock, type Lock } from '../daemon/journal/lock.ts';
import { createDaemonDeps } from '../daemon/serve/create-daemon-deps.ts';
import { openCluster, type ClusterSide } from '../assembly/open-cluster.ts';
import { openServer, type ServerSide } from '../daemon/serve/connect-to-clearml.ts';
import { readUserMap } from '../daemon/serve/wait-for-cluster.ts';
import { chooseQueue, type ChosenQueue, type QueueOptions } from './choose-queue.ts';
import { oneTaskMark, oneTaskStateDir, workerName } from '../daemon/serve/derive-names-and-job-settings.ts';
import { configuredTemplates } from '../assembly/read-named-files.ts';
import type { App } from '../assembly/app.ts';
import { refuseUntrustedSharedFolder, refuseUntrustedTemplates } from '../assembly/refuse-untrusted-files.ts';
import { UsageError } from '../base/usage-error.ts';

export interface OneTaskOptions extends QueueOptions {
  readonly createQueue: boolean;
  /** Run a copy of the task. */
  readonly clone: boolean;
  /** The container image to set first. */
  readonly container: string | undefined;
}

export interface OneTask {
  readonly task: TaskId;
  readonly queue: ServedQueue;
  /** The name of the queue for a task that no user has enqueued. */
  readonly ownQueueName: string;
  readonly deps: DaemonDeps;
  readonly lock: Lock;
}

/**
 * Opens the server, the cluster and the state directory, does the work, and closes them. The task is not changed before all of them are open.
 * @param work returns the result, and whether the task has ended: then its journal is removed
 * @throws UsageError, TemplateError, AlreadyRunningError, SlurmUnavailableError, what the client and the work throw
 */
export async function withOneTask<End>(
  options: OneTaskOptions,
  app: App,
  named: TaskId,
  work: (one: OneTask) => Promise<{ readonly end: End; readonly isOver: boolean }>,
): Promise<End> {
  const { settings } = app.config;
  const templates = options.template === undefined ? configuredTemplates(settings) : [options.template];
  await refuseUntrustedTemplates(templates, settings, app.context);
  const chosen = await chooseQueue(options, settings, app.context.workingDir);
  refuseUnusedImage(options, chosen, settings.slurm.singularityMode);
  const createQueues = chosen.isOwn || options.createQueue;
  const serverSide = await openServer(app, [chosen.named], { createQueues });
  try {
    const clusterSide = await openCluster(app, chosen.cluster, app.log);
    try {
      return await withState({ options, app, named, chosen, serverSide, clusterSide }, work);
    } finally {
      await clusterSide.host.close();
    }
  } finally {
    await serverSide.clearml.close();
  }
}

interface Opened {
  readonly options: OneTaskOptions;
  readonly app: App;
  readonly named: TaskId;
  readonly chosen: ChosenQueue;
  readonly serverSide: ServerSide;
  readonly clusterSide: ClusterSide;
}

async function withState<End>(
  { options, app, named, chosen, serverSide, clusterSide }: Opened,
  work: (one: OneTask) => Promise<{ readonly end: End; readonly isOver: boolean }>,
): Promise<End> {
  const facts = await clusterSide.scheduler.facts(app.context.stop);
  await refuseUntrustedSharedFolder(clusterSide.host, chosen.cluster, app.config.settings.slurm);
  const task = await readyTask(options, app, named, serverSide);
  const stateDir = oneTaskStateDir(chosen.cluster, task);
  const worker = workerName(app, chosen.cluster);
  const who = {
    worker,
    shownAs: `${worker}:execute:${task}`,
    mark: oneTaskMark(app, stateDir),
    stateDir,
    writer: task,
  };

  const lock = await acquireLock(stateDir, app.context.hostName, systemClock.now());
  let isOver = false;
  try {
    const userMap = await readUserMap({ ...serverSide, ...clusterSide }, app.config.settings.slurm);
    const sides = { ...serverSide, ...clusterSide, facts, userMap, log: app.log };
    const deps = await createDaemonDeps(app, chosen.cluster, sides, who);
    try {
      const [queue] = deps.queues;
      if (queue === undefined) throw new RangeError('the queue that was chosen is among those that were opened');
      const done = await work({ task, queue, ownQueueName: chosen.ownName, deps, lock });
      isOver = done.isOver;
      return done.end;
    } finally {
      await deps.journal.close();
      await deps.history.close();
      await deps.audit.close();
      if (isOver) await rm(journalFile(stateDir), { force: true });
    }
  } finally {
    await lock.release();
    if (isOver) await removeIfEmpty(stateDir, app.log);
  }
}

/** A directory with unfinished entries stays. A failure to remove it does not matter for an ended task. */
async function removeIfEmpty(folder: string, log: App['log']): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return;
    log.warn('Could not remove the state directory of the command "execute"; remove the directory manually', {
      folder,
      err: error,
    });
  }
}

/** Refuses an image that the template would not use. @throws UsageError */
function refuseUnusedImage({ container }: OneTaskOptions, { named }: ChosenQueue, isSingularityMode: boolean): void {
  if (container === undefined || isSingularityMode || named.usesImage) return;
  throw new UsageError(
    `--container would have no effect: ${named.template.file} does not run the task in a container image. Add --singularity-mode, or write \${CLEARML_TASK.container.image} where the template names the image.`,
  );
}

/** Returns the task or a copy of it. @throws UsageError if the task does not exist */
async function readyTask(
  { clone }: OneTaskOptions,
  app: App,
  named: TaskId,
  { clearml, server }: ServerSide,
): Promise<TaskId> {
  const { context } = app;
  if ((await clearml.tasks.get(named)) === undefined)
    throw new UsageError(`Task ${named} not found on ${server.apiServer}. Copy its id from the web page.`);
  const task = clone ? await clearml.tasks.clone(named) : named;
  if (clone) context.stderr(`Copied task ${named} to task ${task}.\n`);
  return task;
}
