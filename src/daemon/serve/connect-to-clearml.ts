// Logs in to the ClearML server and finds the queues that the daemon serves.
import type { App } from '../../assembly/app.ts';
import { createClearml } from '../../assembly/clearml-from-config.ts';
import type { NamedQueue } from '../../assembly/read-queue-templates.ts';
import { nearestName } from '../../base/did-you-mean.ts';
import { systemClock } from '../../base/clock.ts';
import { UsageError } from '../../base/usage-error.ts';
import { createServerRateLimit, type ServerRateLimit } from '../../clearml/connection/server-rate-limit.ts';
import type { ClearmlClient, QueueName, ServerFacts } from '../../clearml/client.ts';
import type { QueueId } from '../../clearml/ids.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { ServedQueue } from '../deps.ts';

/** A queue of the configuration that was found on the server. */
export interface FoundQueue extends ServedQueue {
  /** The text of its template. */
  readonly text: string;
  readonly cluster: string | undefined;
}

/** The client, logged in, and the queues on the server. */
export interface ServerSide {
  readonly clearml: ClearmlClient;
  /** The rate limit of a daemon's calls to the server. */
  readonly serverRateLimit?: ServerRateLimit | undefined;
  readonly server: ServerFacts;
  readonly queues: readonly FoundQueue[];
  /** The scheduler queue of each cluster. */
  readonly schedulerQueues: ReadonlyMap<ClusterSettings, QueueId>;
}

/** @throws UsageError if a queue does not exist, and what the client throws */
export async function openServer(
  app: App,
  named: readonly NamedQueue[],
  { createQueues, isDaemon = false }: { readonly createQueues: boolean; readonly isDaemon?: boolean },
): Promise<ServerSide> {
  const { apiCallsPerSecond } = app.config.settings.slurm;
  const serverRateLimit = isDaemon ? createServerRateLimit(apiCallsPerSecond, systemClock, app) : undefined;
  const clearml = createClearml(app, { isDaemon, rateLimit: serverRateLimit });
  try {
    const server = await clearml.connect();
    const queues = await findQueues(clearml, named, { create: createQueues, server: server.apiServer });
    const schedulerQueues = new Map<ClusterSettings, QueueId>();
    for (const cluster of app.config.settings.clusters) {
      const name = cluster.schedulerQueue;
      schedulerQueues.set(cluster, ((await clearml.queues.find(name)) ?? (await clearml.queues.create(name))).id);
    }
    return { clearml, serverRateLimit, server, queues, schedulerQueues };
  } catch (error) {
    await clearml.close();
    throw error;
  }
}

/**
 * Finds the queues on the server, in the given order, and creates missing ones with `create`.
 * @throws UsageError with the most similar name if a queue does not exist
 */
async function findQueues(
  clearml: ClearmlClient,
  named: readonly NamedQueue[],
  { create, server }: { readonly create: boolean; readonly server: string },
): Promise<FoundQueue[]> {
  const served: FoundQueue[] = [];
  for (const { name, ...what } of named) {
    const { id, name: found } = (await clearml.queues.find(name)) ?? (await missing(clearml, name, { create, server }));
    if (served.some((queue) => queue.id === id))
      throw new UsageError(`Queue "${name}" is given twice: name each queue once.`);
    served.push({ id, name: found, ...what });
  }
  return served;
}

async function missing(
  clearml: ClearmlClient,
  name: string,
  { create, server }: { readonly create: boolean; readonly server: string },
): Promise<QueueName> {
  if (create) return clearml.queues.create(name);
  const nearest = nearestName(name, await clearml.queues.names());
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  throw new UsageError(`Queue "${name}" not found on ${server}.${hint} Use --create-queue to create it.`);
}
