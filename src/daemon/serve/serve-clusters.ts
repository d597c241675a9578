// Serves the clusters side by side: for each, locks its state directory, waits until Slurm responds, and runs the daemon until it is stopped.
import { setMaxListeners } from 'node:events';
import { sleepUnlessStopped, systemClock } from '../../base/clock.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import { reportHealth, writeServingNote } from '../status/daemon-notes.ts';
import { runDaemon, type DaemonEnd } from '../reconcile-loop.ts';
import type { DaemonDeps } from '../deps.ts';
import { abortWith } from '../../base/abort-with.ts';
import { messageOf } from '../../base/error-message.ts';
import { acquireLock, AlreadyRunningError, StateDirectoryLostError, type Lock } from '../journal/lock.ts';
import { namedLog, type Logger, type WarnOnce } from '../../log/logger.ts';
import { createDaemonDeps } from './create-daemon-deps.ts';
import { MAX_RETRY_MS, waitForCluster } from './wait-for-cluster.ts';
import { openCluster, type ClusterSide } from '../../assembly/open-cluster.ts';
import type { ServerSide } from './connect-to-clearml.ts';
import { createTransportHere } from '../../assembly/create-transport.ts';
import { findTestUsers } from '../../assembly/open-user-map.ts';
import type { App } from '../../assembly/app.ts';
import { programText } from '../../base/installation.ts';
import type { ClusterMonitor } from '../monitor/cluster-monitor.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { warnAboutTemplates } from '../../lint/lint-template.ts';

export interface ServeOptions {
  /** Ends after one pass, and waits for nothing. */
  readonly once: boolean;
  /** When the process started: it may have reloaded since. */
  readonly startedAt: number;
  readonly stop: AbortSignal;
  /** Whether the daemon serves on after `stop`, with a new configuration. */
  readonly isReloading: () => boolean;
  /** Aborted to claim no new tasks and to end with the last job. */
  readonly drain: AbortSignal;
  readonly warnOnce: WarnOnce;
  /** Called when the state directory of a cluster is locked, before anything is done for the cluster. */
  readonly locked: () => Promise<void>;
  /** Called when the cluster is served. */
  readonly served: () => void;
  /** The names of the clusters that this process has served. One that cannot be served again after a reload is retried. */
  readonly everServed: Set<string | undefined>;
  /** Whether a previous configuration is used if no cluster can be served with this one. */
  readonly hasPrevious: () => boolean;
  readonly monitor: Monitor | undefined;
}

/** After each failure in a row, the wait is twice as long, up to this. */
const MAX_RESTART_MS = 60_000;

/**
 * A cluster that cannot be served does not affect the others. One that was served before a reload is retried: its disk may be full for the
 * moment. If a state directory is lost in service, all end: the program may have been removed, and otherwise the service manager starts it
 * again.
 * @throws StateDirectoryLostError, or else the first error, once all have ended; no other error after a reload has begun
 */
export async function serveClusters(
  { app, serverSide }: { readonly app: App; readonly serverSide: ServerSide },
  options: ServeOptions,
  serveOne = serveCluster,
): Promise<DaemonEnd[]> {
  const { clusters, slurm } = app.config.settings;
  const stop = new AbortController();
  const unlink = abortWith(stop, [options.stop]);
  // Every cluster adds a listener.
  setMaxListeners(0, stop.signal, options.drain);
  options.monitor?.keepOnly(clusters.map(({ name }) => name));
  const errors: unknown[] = [];
  const served = new Set<ClusterSettings>();
  const unserved = new Set<ClusterSettings>();
  const fallsBack = (): boolean => options.hasPrevious() && unserved.size === clusters.length;

  /** Whether the cluster was served before a reload, and may be served again later. */
  function isRetried(cluster: ClusterSettings, error: unknown): boolean {
    if (error instanceof StateDirectoryLostError || error instanceof AlreadyRunningError) return false;
    if (served.has(cluster)) return false;
    return options.everServed.has(cluster.name) && !fallsBack() && !stop.signal.aborted;
  }

  async function serveBesideOthers(cluster: ClusterSettings): Promise<DaemonEnd> {
    const one = {
      ...options,
      stop: stop.signal,
      served: () => {
        served.add(cluster);
        unserved.delete(cluster);
        options.everServed.add(cluster.name);
        options.served();
      },
    };
    let waitMs = Math.min(slurm.pollIntervalMs, MAX_RETRY_MS);
    let logged: string | undefined;
    for (;;) {
      try {
        return await serveOne(app, cluster, serverSide, one);
      } catch (error) {
        unserved.add(cluster);
        if (!isRetried(cluster, error)) return ended(cluster, error);
        const isNews = logged !== messageOf(error);
        logged = messageOf(error);
        const fields = { cluster: cluster.name, err: error };
        app.log[isNews ? 'error' : 'debug']('Could not serve the cluster again after a reload; retrying', fields);
      }
      if (!(await sleepUnlessStopped(systemClock, waitMs, stop.signal))) return 'done';
      waitMs = Math.min(2 * waitMs, MAX_RESTART_MS);
    }
  }

  function ended(cluster: ClusterSettings, error: unknown): DaemonEnd {
    errors.push(error);
    if (error instanceof StateDirectoryLostError || fallsBack()) stop.abort();
    else if (clusters.length > 1)
      app.log.error('Could not serve a cluster; serving the other clusters', { cluster: cluster.name, err: error });
    return 'done';
  }

  const ends = await Promise.all(clusters.map(serveBesideOthers));
  unlink();
  const lost = errors.find((error) => error instanceof StateDirectoryLostError);
  if (lost !== undefined) throw lost;
  // What the new configuration may have mended is no reason to end.
  if (errors.length > 0 && !options.isReloading()) throw errors[0];
  return ends;
}

/** @throws the errors that a retry does not fix; explain-error.ts lists them */
export async function serveCluster(
  app: App,
  cluster: ClusterSettings,
  serverSide: ServerSide,
  options: ServeOptions,
): Promise<DaemonEnd> {
  const { slurm } = app.config.settings;
  const log = cluster.name === undefined ? app.log : namedLog(app.log, { cluster: cluster.name });
  const watched = options.monitor?.open({ ...cluster, pollMs: slurm.pollIntervalMs });
  let lock: Lock | undefined;
  let reporting: (() => Promise<void>) | undefined;
  try {
    lock = await acquireLock(cluster.stateDir, app.context.hostName, systemClock.now(), options.startedAt);
    reporting = watched && reportHealthOf(cluster, watched, options.monitor);
    await options.locked();
    const clusterSide = await openCluster(app, cluster, log);
    try {
      const everyMs = Math.min(slurm.pollIntervalMs, MAX_RETRY_MS);
      const sides = { ...serverSide, ...clusterSide };
      const found = await waitForCluster(sides, slurm, { ...options, everyMs, cluster, lock, log });
      if (found === undefined) return 'done';
      // Not awaited: a slow sbatch must not delay a task.
      if (!options.once) void checkTemplatesOnCluster(app, cluster, sides, { ...options, log });
      const created = await createDaemonDeps(app, cluster, { ...sides, ...found, log });
      const deps = watched?.watch(created) ?? created;
      const queues = deps.queues.map(({ name }) => name);
      const note = (): Promise<void> => writeServingNote(cluster.stateDir, { queues, draining: options.drain.aborted });
      const drains = (): void => void note();
      options.drain.addEventListener('abort', drains, { once: true });
      try {
        await note();
        logServing(deps, serverSide);
        options.served();
        const intervals = { pollMs: slurm.pollIntervalMs, queueMs: slurm.queuePollIntervalMs };
        const end = await runDaemon(deps, { intervals, ...options, lock });
        const tracked = deps.journal.entries.size;
        if (options.drain.aborted && tracked === 0) log.info('Drained; all jobs have ended');
        else if (!options.isReloading()) log.info('Stopped (jobs keep running)', { tracked });
        return end;
      } finally {
        await deps.journal.close();
        await created.history.close();
        await created.audit.close();
        options.drain.removeEventListener('abort', drains);
      }
    } finally {
      await clusterSide.host.close();
    }
  } finally {
    watched?.ended();
    await reporting?.();
    await lock?.release();
  }
}

/** Until the returned function is called. */
function reportHealthOf(
  { stateDir }: ClusterSettings,
  watched: ClusterMonitor,
  monitor: Monitor | undefined,
): () => Promise<void> {
  const look = (): string => {
    const { phase, isReady, problems } = watched.health();
    return `${phase} ${isReady} ${problems.length}`;
  };
  let before = look();
  const reporting = reportHealth(stateDir, () => ({
    at: systemClock.now(),
    tracked: watched.limits().tracked,
    facts: watched.health(),
  }));
  const stopListening = monitor?.onPass(() => {
    const now = look();
    if (now !== before) reporting.changed();
    before = now;
  });
  return async () => {
    stopListening?.();
    await reporting.stop();
  };
}

/** Checks the templates with the programs of the cluster. An unavailable cluster is reported elsewhere. */
async function checkTemplatesOnCluster(
  app: App,
  cluster: ClusterSettings,
  { queues, host }: Pick<ServerSide, 'queues'> & Pick<ClusterSide, 'host'>,
  { warnOnce, log }: Pick<ServeOptions, 'warnOnce'> & { readonly log: Logger },
): Promise<void> {
  const here = createTransportHere(app.context);
  try {
    const { slurm } = app.config.settings;
    const sbatch = slurm.binaries.batchBinary;
    const users = await findTestUsers(host, slurm);
    const its = queues.filter((queue) => queue.cluster === cluster.name);
    await warnAboutTemplates(its, { log, warnOnce, programs: { here, cluster: host, sbatch, users } });
  } catch (error) {
    log.debug('The templates could not be checked', { err: error });
  } finally {
    await here.close();
  }
}

function logServing({ log, version, queues, cluster, worker, journal }: DaemonDeps, { server }: ServerSide): void {
  log.info('Serving', {
    program: programText(version),
    queues: queues.map(({ name, template }) => `${name} (${template.file})`).join(', '),
    server: server.apiServer,
    slurmCluster: cluster.clusterName,
    slurm: cluster.version,
    worker,
    ...(journal.entries.size === 0 ? {} : { resumed: journal.entries.size }),
  });
  if (journal.setAside !== undefined) {
    log.warn('Moved the unreadable journal aside; recovering tasks and jobs from ClearML and Slurm', {
      file: journal.setAside,
    });
  }
}
