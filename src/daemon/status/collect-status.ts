// Collects the status of tasks and daemons, whether a daemon runs or not.
import { systemClock } from '../../base/clock.ts';
import { openUserMap, type PeopleSource } from '../../assembly/open-user-map.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';
import { createUnixUsers, type UnixUsers } from '../users/unix-users.ts';
import { unlessUnavailable } from '../../slurm/errors.ts';
import type { ClearmlClient } from '../../clearml/client.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import { findHolder, type Holder } from '../journal/lock.ts';
import { readPauses, type Pause } from '../pause/pauses-file.ts';
import { readServingNote } from './daemon-notes.ts';
import { causeKey, survey, type Survey } from './read-cluster-status.ts';
import { openClusterToShow, type ClusterSide } from '../../assembly/open-cluster.ts';
import { journalEntries } from '../journal/journal-lines.ts';
import { createClearml } from '../../assembly/clearml-from-config.ts';
import type { App } from '../../assembly/app.ts';
import type { CauseOfEnd } from '../../history/ended-attempt.ts';
import { readHistory } from '../../history/read-history.ts';

export interface ClusterStatus extends Survey {
  /** undefined for the only cluster, if it has no name. */
  readonly cluster: string | undefined;
  readonly stateDir: string;
  /** The daemon that serves it. */
  readonly daemon: (Holder & { readonly draining: boolean }) | undefined;
  /** Undefined if they cannot be read: the daemon then claims nothing. */
  readonly pauses: readonly Pause[] | undefined;
  /** The time of the snapshot, milliseconds since 1970. */
  readonly now: number;
  /** How long ended tasks are shown. */
  readonly endedSinceMs: number;
}

/**
 * Opens the server and the clusters, without a lock and without changing anything, and runs the work.
 * @param work gets a function that collects the status of each cluster; what ClearML or Slurm does not return is missing in it
 */
export async function withStatus<Result>(
  app: App,
  endedSinceMs: number,
  work: (collect: () => Promise<ClusterStatus[]>) => Promise<Result>,
): Promise<Result> {
  const clearml = createClearml(app);
  const sides = new Map<ClusterSettings, ClusterSide>();
  try {
    for (const cluster of app.config.settings.clusters)
      sides.set(cluster, await openClusterToShow(app, cluster, app.log));
    return await work(() =>
      Promise.all([...sides].map(([cluster, side]) => collect({ app, cluster, side, clearml, endedSinceMs }))),
    );
  } finally {
    for (const { host } of sides.values()) await host.close();
    await clearml.close();
  }
}

interface Collecting {
  readonly app: App;
  readonly cluster: ClusterSettings;
  readonly side: ClusterSide;
  readonly clearml: ClearmlClient;
  readonly endedSinceMs: number;
}

/** The map, for the jobs of other Unix users; undefined if there is none, or the cluster does not respond, which the survey reports. */
async function findUsers({ app, side, clearml }: Omit<Collecting, 'endedSinceMs'>): Promise<UnixUsers | undefined> {
  const map = await unlessUnavailable(openUserMap(app.config.settings.slurm, side.host, () => readPeople(clearml)));
  return map && createUnixUsers(map);
}

/** Without a response of the server, keys of the map count as ids only. */
async function readPeople(clearml: ClearmlClient): Promise<PeopleSource> {
  try {
    const { user } = await clearml.connect();
    return { people: await clearml.people.all(), self: user };
  } catch (error) {
    if (error instanceof ServerUnreachableError || error instanceof ServerRefusedError) return { people: [], self: '' };
    throw error;
  }
}

async function collect({ app, cluster, side, clearml, endedSinceMs }: Collecting): Promise<ClusterStatus> {
  const { hostName, stop } = app.context;
  const { scheduler } = side;
  const now = systemClock.now();
  const { name, stateDir, schedulerQueue } = cluster;
  const [entries, daemon] = await Promise.all([journalEntries(stateDir), findHolder(stateDir, hostName, now)]);
  const served = await readServingNote(stateDir, daemon);
  const its = app.config.settings.queues.filter((queue) => queue.cluster === cluster.name);
  const configured = its.map((queue) => queue.name);
  // The queues on the command line of the daemon are only in its serving note.
  const servedQueues = served.queues ?? configured;
  const unixUsers = await findUsers({ app, cluster, side, clearml });
  const seen = await survey(
    {
      unixUsers,
      entries,
      clearml,
      scheduler,
      schedulerQueue,
      servedQueues,
      limits: cluster.limits,
      queueLimits: new Map(its.flatMap(({ name, limits }) => (limits === undefined ? [] : [[name, limits]]))),
      causes: await readCauses(stateDir, now - endedSinceMs),
      endedSinceMs,
      now,
    },
    stop,
  );
  return {
    ...seen,
    cluster: name,
    stateDir,
    daemon: daemon && { ...daemon, draining: served.draining },
    pauses: await readPauses(stateDir, now).catch(() => undefined),
    now,
    endedSinceMs,
  };
}

/** Without the history, the tasks show why they ended. */
async function readCauses(stateDir: string, since: number): Promise<ReadonlyMap<string, CauseOfEnd>> {
  const causes = new Map<string, CauseOfEnd>();
  try {
    for await (const { task, job, cause } of readHistory(stateDir, { since })) causes.set(causeKey(task, job), cause);
  } catch {
    causes.clear();
  }
  return causes;
}
