// Chooses the queue, the template and the cluster of a task that runs without a daemon.
import { nearestName } from '../base/did-you-mean.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { ownQueueOf } from '../config/served-queues.ts';
import type { Settings } from '../config/convert-settings.ts';
import { configuredTemplates } from '../assembly/read-named-files.ts';
import { readQueues, refuseInternalQueue, type NamedQueue } from '../assembly/read-queue-templates.ts';
import { UsageError } from '../base/usage-error.ts';

export interface QueueOptions {
  readonly queue: string | undefined;
  readonly template: string | undefined;
}

export interface ChosenQueue {
  readonly named: NamedQueue;
  readonly cluster: ClusterSettings;
  /** Whether it is the queue that no daemon serves; it is created if it is missing. */
  readonly isOwn: boolean;
  /** The name of that queue. */
  readonly ownName: string;
}

/**
 * Chooses the queue of the command line, else one that no daemon serves; and the template of the command line, else that of the queue,
 * else the only one of the configuration.
 * @throws UsageError, TemplateError
 */
export async function chooseQueue(
  { queue: name, template }: QueueOptions,
  settings: Settings,
  workingDir: string,
): Promise<ChosenQueue> {
  if (name !== undefined) refuseInternalQueue(name, settings);
  const found = settings.queues.find((queue) => queue.name === name);
  const cluster = theCluster(settings, found?.cluster);
  const ownName = ownQueueOf(cluster.schedulerQueue);

  if (found !== undefined && template === undefined && hasTemplate(settings, found.template)) {
    const named = (await readQueues(settings, workingDir)).find((queue) => queue.name === name);
    if (named !== undefined) return { named, cluster, isOwn: false, ownName };
  }
  const what = {
    ...found,
    name: name ?? ownName,
    cluster: cluster.name,
    template: template ?? theTemplate(settings, name),
  };
  const [named] = await readQueues({ ...settings, queues: [what] }, workingDir);
  if (named === undefined) throw new RangeError('reading one queue returns one queue');
  return { named, cluster, isOwn: name === undefined, ownName };
}

function hasTemplate({ slurm }: Settings, template: string | undefined): boolean {
  return template !== undefined || slurm.templateFiles.length > 0;
}

function theTemplate(settings: Settings, queue: string | undefined): string {
  const [only, ...others] = configuredTemplates(settings);
  if (only !== undefined && others.length === 0) return only;
  const names = settings.queues.map(({ name }) => name);
  const nearest = queue === undefined ? undefined : nearestName(queue, names);
  const fact =
    queue === undefined
      ? `The configuration has ${only === undefined ? 'no template' : 'several templates'}.`
      : `The configuration has no template for queue "${queue}".`;
  const hint = nearest === undefined || nearest === queue ? '' : ` Did you mean --queue ${nearest}?`;
  throw new UsageError(`${fact}${hint} Select one with --template FILE.`);
}

function theCluster({ clusters }: Settings, name: string | undefined): ClusterSettings {
  const [only, ...others] = name === undefined ? clusters : clusters.filter((cluster) => cluster.name === name);
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError(
    `There are several clusters: select one with --cluster (${clusters.map((cluster) => cluster.name).join(', ')}).`,
  );
}
