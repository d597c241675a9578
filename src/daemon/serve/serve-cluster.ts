// Serves one cluster: locks its state directory, waits until Slurm responds, and runs the daemon until it is stopped.
import { systemClock } from '../../base/clock.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { ClusterSettings } from '../../config/clusters.ts';
import { writeServingNote } from '../status/serving-note.ts';
import { runDaemon, type DaemonEnd } from '../loop.ts';
import type { DaemonDeps } from '../deps.ts';
import { acquireLock, type Lock } from '../journal/lock.ts';
import { CommandNotFoundError } from '../../transport/errors.ts';
import type { Logger } from '../../log/logger.ts';
import { namedLog } from '../../log/named-log.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import type { ClusterFacts, Scheduler } from '../../slurm/scheduler.ts';
import { createDaemonDeps } from './create-daemon-deps.ts';
import { openCluster, type ClusterSide } from '../../assembly/open-cluster.ts';
import type { ServerSide } from './open-server.ts';
import { createTransport } from '../../assembly/create-transport.ts';
import type { App } from '../../assembly/app.ts';
import { refuseUntrustedSharedFolder } from '../../assembly/trusted-files.ts';
import { programText } from '../../base/version.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { WarnOnce } from '../../log/warn-once.ts';
import { warnAboutTemplates } from '../../lint/warn-about-templates.ts';

export interface ServeOptions {
  /** Ends after one pass, and waits for nothing. */
  readonly once: boolean;
  readonly stop: AbortSignal;
  /** Aborted to claim no new tasks and to end with the last job. */
  readonly drain: AbortSignal;
  readonly warnOnce: WarnOnce;
  /** Called when the state directory of a cluster is locked, before anything is done for the cluster. */
  readonly locked: () => Promise<void>;
  /** Called when the cluster is served. */
  readonly served: () => void;
  readonly monitor: Monitor | undefined;
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
  try {
    lock = await acquireLock(cluster.stateDir, app.context.hostName, systemClock.now());
    await options.locked();
    const clusterSide = await openCluster(app, cluster, log);
    try {
      const everyMs = Math.min(slurm.pollIntervalMs, MAX_RETRY_MS);
      const facts = await firstFacts(clusterSide.scheduler, { ...options, everyMs, lock, log });
      if (facts === undefined) return 'done';
      await refuseUntrustedSharedFolder(clusterSide.host, cluster, app.config.settings);
      // Not awaited: a slow sbatch must not delay a task.
      if (!options.once)
        void checkTemplatesOnCluster(app, cluster, { ...serverSide, ...clusterSide }, { ...options, log });
      const created = await createDaemonDeps(app, cluster, { ...serverSide, ...clusterSide, facts, log });
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
        if (options.drain.aborted && tracked === 0) log.info('Drained: no job is left');
        else log.info('Stopped; jobs continue', { tracked });
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
    await lock?.release();
  }
}

/** Checks the templates with the programs of the cluster. An unavailable cluster is reported elsewhere. */
async function checkTemplatesOnCluster(
  app: App,
  cluster: ClusterSettings,
  { queues, host }: Pick<ServerSide, 'queues'> & Pick<ClusterSide, 'host'>,
  { warnOnce, log }: Pick<ServeOptions, 'warnOnce'> & { readonly log: Logger },
): Promise<void> {
  const here = await createTransport({ ...cluster, ssh: undefined, slurmBinDir: undefined }, app.context);
  try {
    const sbatch = app.config.settings.slurm.binaries.batchBinary;
    const its = queues.filter((queue) => queue.cluster === cluster.name);
    await warnAboutTemplates(its, { log, warnOnce, programs: { here, cluster: host, sbatch } });
  } catch (error) {
    log.debug('The templates could not be checked', { err: error });
  } finally {
    await here.close();
  }
}

/** An upper bound, so that a connection that the user opens is found within half a minute. */
const MAX_RETRY_MS = 20_000;

interface Waiting {
  readonly everyMs: number;
  readonly lock: Lock;
  readonly log: Logger;
}

/**
 * Waits until the cluster responds, and returns its facts; undefined if the daemon is stopped before. Meanwhile the tasks stay in their
 * queues, and the jobs continue.
 * @throws SlurmUnavailableError without a wait, with `once` or if a command does not exist
 */
async function firstFacts(
  scheduler: Scheduler,
  { once, stop, everyMs, lock, log }: Pick<ServeOptions, 'once' | 'stop'> & Waiting,
): Promise<ClusterFacts | undefined> {
  const isStopped = (): boolean => stop.aborted;
  let logged: string | undefined;
  while (!isStopped()) {
    try {
      return await scheduler.facts(stop);
    } catch (error) {
      if (isStopped()) break;
      if (!(error instanceof SlurmUnavailableError)) throw error;
      if (error.cause instanceof CommandNotFoundError) throw withoutCommands(error);
      if (once) throw error;
      const why = innermost(error).message;
      const isNews = logged !== why;
      logged = why;
      log[isNews ? 'warn' : 'debug']('Slurm is unreachable; retrying until it responds', {
        why: error.message,
      });
    }
    await sleepUnlessStopped(systemClock, everyMs, stop);
    // The lock of a daemon that does not touch it is considered stale.
    await lock.touch();
  }
  return undefined;
}

function withoutCommands({ message, cause }: SlurmUnavailableError): SlurmUnavailableError {
  return new SlurmUnavailableError(`${message}. Set slurm_bin_dir to the directory of Slurm's commands there.`, {
    cause,
  });
}

/** Returns the original error: the errors around it name the time of the next attempt, so they differ each time. */
function innermost(error: Error): Error {
  return error.cause instanceof Error ? innermost(error.cause) : error;
}

function logServing({ log, version, queues, cluster, worker, journal }: DaemonDeps, { server }: ServerSide): void {
  log.info('Serving', {
    program: programText(version),
    queues: queues.map(({ name, template }) => `${name}=${template.file}`).join(','),
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
