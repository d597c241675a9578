// Everything that is needed to run one task without a daemon, opened one after the other and closed again.
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { DaemonDeps, ServedQueue } from '../daemon/deps.ts';
import { acquireLock, type Lock } from '../daemon/journal/lock.ts';
import { assemble, openCluster, openServer, type ClusterSide, type ServerSide } from './assemble.ts';
import { chooseQueue, type ChosenQueue } from './chosen-queue.ts';
import type { Typed } from './command.ts';
import { oneTaskMark, workerName } from './job-settings.ts';
import { configuredTemplates } from './named-templates.ts';
import type { Base } from './read-base.ts';
import { refuseUntrustedSharedFolder, refuseUntrustedTemplates } from './trusted-files.ts';
import { switchOption, textOption } from './typed-options.ts';
import { UsageProblem } from './usage-problem.ts';
import { readNamedTask } from './with-server.ts';

export interface OneTask {
  readonly task: TaskId;
  readonly queue: ServedQueue;
  /** Of the queue in which a task stands that was put into none. */
  readonly ownQueueName: string;
  readonly deps: DaemonDeps;
  readonly lock: Lock;
}

/**
 * Opens it, does the work, and closes it again. Nothing has been done to the task before all that it needs was found to be there.
 * @param work returns what is returned, and whether the task has come to its end, so that nothing need be remembered of it
 * @throws UsageProblem, TemplateError, AlreadyRunningError, SlurmUnavailableError, what the client and the work throw
 */
export async function withOneTask<End>(
  typed: Typed,
  base: Base,
  named: TaskId,
  work: (one: OneTask) => Promise<{ readonly end: End; readonly isOver: boolean }>,
): Promise<End> {
  const { settings } = base.config;
  const typedTemplate = textOption(typed, 'template');
  const templates = typedTemplate === undefined ? configuredTemplates(settings) : [typedTemplate];
  await refuseUntrustedTemplates(templates, settings, base.around);
  const chosen = await chooseQueue(typed, settings, base.around.workingDir);
  refuseUnusedImage(typed, chosen, settings.slurm.singularityMode);
  const createQueues = chosen.isOwn || switchOption(typed, 'create-queue') === true;
  const serverSide = await openServer(base, [chosen.named], { createQueues });
  try {
    const clusterSide = await openCluster(base, chosen.cluster, base.log);
    try {
      return await withState({ typed, base, named, chosen, serverSide, clusterSide }, work);
    } finally {
      await clusterSide.host.close();
    }
  } finally {
    await serverSide.clearml.close();
  }
}

interface Opened {
  readonly typed: Typed;
  readonly base: Base;
  readonly named: TaskId;
  readonly chosen: ChosenQueue;
  readonly serverSide: ServerSide;
  readonly clusterSide: ClusterSide;
}

async function withState<End>(
  { typed, base, named, chosen, serverSide, clusterSide }: Opened,
  work: (one: OneTask) => Promise<{ readonly end: End; readonly isOver: boolean }>,
): Promise<End> {
  const facts = await clusterSide.scheduler.facts(base.around.stop);
  await refuseUntrustedSharedFolder(clusterSide.host, chosen.cluster, base.config.settings);
  const task = await readyTask(typed, base, named, serverSide);
  const stateDir = join(chosen.cluster.stateDir, 'execute', task);
  const worker = workerName(base, chosen.cluster);
  const who = { worker, shownAs: `${worker}:execute:${task}`, mark: oneTaskMark(base, stateDir), stateDir };

  const lock = await acquireLock(stateDir, base.around.hostName, systemClock.now());
  let isOver = false;
  try {
    const sides = { ...serverSide, ...clusterSide, facts, log: base.log };
    const deps = await assemble(base, chosen.cluster, sides, who);
    try {
      const [queue] = deps.queues;
      if (queue === undefined) throw new RangeError('the queue that was chosen is among those that were opened');
      const done = await work({ task, queue, ownQueueName: chosen.ownName, deps, lock });
      isOver = done.isOver;
      return done.end;
    } finally {
      await deps.journal.close();
      if (isOver) await rm(join(stateDir, 'journal.jsonl'), { force: true });
    }
  } finally {
    await lock.release();
    if (isOver) await removeIfEmpty(stateDir, base.log);
  }
}

/** A folder in which something is still to be remembered stays. One that can't be removed does no harm to a task that is over. */
async function removeIfEmpty(folder: string, log: Base['log']): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return;
    log.warn('The state folder of the task is left behind; remove it by hand', { folder, err: error });
  }
}

/** It would run elsewhere than in the image that was named. @throws UsageProblem */
function refuseUnusedImage(typed: Typed, { named }: ChosenQueue, isSingularityMode: boolean): void {
  if (textOption(typed, 'container') === undefined || isSingularityMode || named.usesImage) return;
  throw new UsageProblem(
    `--container would change nothing: ${named.template.file} runs no task in its own image. Add --singularity-mode, or write \${CLEARML_TASK.container.image} where the template names the image.`,
  );
}

/** The task itself or a copy of it, with the image that it is to run in. @throws UsageProblem when there is no such task */
async function readyTask(typed: Typed, base: Base, named: TaskId, there: ServerSide): Promise<TaskId> {
  const { clearml, server } = there;
  const { around } = base;
  await readNamedTask({ base, clearml, server }, named, 'execute');
  const isCopy = switchOption(typed, 'clone') === true;
  const task = isCopy ? await clearml.tasks.clone(named) : named;
  if (isCopy) around.stderr(`Task ${named} was copied: its copy is ${task}.\n`);
  const image = textOption(typed, 'container');
  if (image !== undefined) await clearml.tasks.setImage(task, image);
  return task;
}
