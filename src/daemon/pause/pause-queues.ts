// Pauses and resumes queues and clusters, by a file in the state directory that the daemon reads before each claim.
import type { ProcessContext } from '../../assembly/process-context.ts';
import type { Configured } from '../../assembly/load-trusted-config.ts';
import { systemClock } from '../../base/clock.ts';
import { nearestName } from '../../base/did-you-mean.ts';
import { makePrivateDirectory } from '../../base/private-paths.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { Settings } from '../../config/convert-settings.ts';
import { findHolder } from '../journal/lock.ts';
import { readPauses, writePauses, type Pause } from './pauses-file.ts';
import { readServingNote } from '../status/daemon-notes.ts';
import { formatTime } from '../console/console-messages.ts';
import { messageOf } from '../../base/error-message.ts';

export interface PauseRequest {
  /** By name or id; empty for all. */
  readonly queues: readonly string[];
  /** Milliseconds since 1970. */
  readonly until: number | undefined;
  readonly reason: string;
  /** The Unix user who asks for it; undefined if unknown. */
  readonly by: string | undefined;
}

/** Returns what was paused. @throws UsageError if a queue is not served */
export async function pauseQueues(here: Configured, request: PauseRequest): Promise<string> {
  const { until = null, reason, by } = request;
  const since = systemClock.now();
  const end = until === null ? '' : ` until ${formatTime(until)}`;
  return change(here, request.queues, async ({ stateDir }, named) => {
    const before = await readPauses(stateDir, since).catch((error: unknown) => {
      throw new UsageError(messageOf(error));
    });
    const queues: readonly (string | null)[] = named.length === 0 ? [null] : named;
    const added = queues.map((queue): Pause => ({ queue, since, until, reason, ...(by === undefined ? {} : { by }) }));
    await makePrivateDirectory(stateDir);
    await writePauses(stateDir, [...before.filter(({ queue }) => !queues.includes(queue)), ...added]);
    return `paused${end}: no task is claimed; jobs in Slurm continue`;
  });
}

/** Returns what was resumed. @throws UsageError if a queue is not served */
export async function resumeQueues(here: Configured, queues: readonly string[]): Promise<string> {
  return change(here, queues, async ({ stateDir }, named) => {
    // A file that cannot be read is replaced.
    const before = await readPauses(stateDir, systemClock.now()).catch(() => undefined);
    const left =
      named.length === 0 ? [] : (before ?? []).filter(({ queue }) => queue === null || !named.includes(queue));
    if (before?.length === left.length) return 'not paused';
    await writePauses(stateDir, left);
    return left.some(({ queue }) => queue === null) ? 'resumed, but the whole cluster is paused' : 'resumed';
  });
}

/** Applies a change to each cluster that serves one of the queues, or to all, and describes it in one line each. */
async function change(
  { config, context }: Configured,
  queues: readonly string[],
  apply: (cluster: ClusterSettings, named: readonly string[]) => Promise<string>,
): Promise<string> {
  const { settings } = config;
  const clusters = await Promise.all(settings.clusters.map((cluster) => findServed(settings, cluster, context)));
  const known = clusters.flatMap(({ served }) => served);
  const unknown = queues.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(notServed(unknown, known));
  let text = '';
  for (const { cluster, served, isRunning } of clusters) {
    const named = queues.filter((name) => served.includes(name));
    if (queues.length > 0 && named.length === 0) continue;
    const what = named.length > 0 ? `${named.length === 1 ? 'Queue' : 'Queues'} ${named.join(', ')}` : 'All queues';
    const where = cluster.name === undefined ? '' : ` of cluster ${cluster.name}`;
    const result = await apply(cluster, named);
    text += `${what}${where}: ${result}.\n`;
    if (!isRunning)
      text += `No daemon is running with the state directory ${cluster.stateDir}. The change applies when a daemon starts.\n`;
  }
  return text;
}

interface ServedBy {
  readonly cluster: ClusterSettings;
  readonly served: readonly string[];
  readonly isRunning: boolean;
}

/** The queues of the configuration, and those of the daemon's command line. */
async function findServed(
  settings: Settings,
  cluster: ClusterSettings,
  { hostName }: ProcessContext,
): Promise<ServedBy> {
  const holder = await findHolder(cluster.stateDir, hostName, systemClock.now());
  const { queues = [] } = await readServingNote(cluster.stateDir, holder);
  const configured = settings.queues.flatMap((queue) => (queue.cluster === cluster.name ? [queue.name] : []));
  return { cluster, served: [...new Set([...queues, ...configured])], isRunning: holder !== undefined };
}

function notServed(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? `The queues are ${known.join(', ')}.` : `Did you mean "${nearest}"?`;
  return `Queue "${name}" is not served. ${hint}`;
}
