// Puts the parts together: the one place where everything is made from the configuration.
import { randomBytes } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import type { QueueId } from '../clearml/ids.ts';
import type { ClusterSettings } from '../config/clusters.ts';
import type { DaemonDeps } from '../daemon/deps.ts';
import { createJobLogs } from '../daemon/console/job-logs.ts';
import { openJournal } from '../daemon/journal/journal.ts';
import { createPeers } from '../daemon/poll/peers.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from '../log/logger.ts';
import { callRate, createRateLimit, withRateLimit } from '../slurm/rate-limit.ts';
import { createCliScheduler } from '../slurm/cli-scheduler.ts';
import type { ClusterFacts, Scheduler } from '../slurm/scheduler.ts';
import { daemonMark, jobSettings, workerName } from './job-settings.ts';
import { makeClearml } from './make-clearml.ts';
import { makeHost } from './make-host.ts';
import type { Base } from './read-base.ts';
import { findQueues, type FoundQueue, type NamedQueue } from './serve-queues.ts';
import { slurmCommands, withSlurmCommands } from './slurm-commands.ts';
import { readVersion } from './version.ts';

/** The server, logged in to, and the queues found there. */
export interface ServerSide {
  readonly clearml: ClearmlClient;
  readonly server: ServerFacts;
  readonly queues: readonly FoundQueue[];
  /** That of each cluster. */
  readonly schedulerQueues: ReadonlyMap<ClusterSettings, QueueId>;
}

/** @throws what the client throws, and UsageProblem for a queue that isn't there */
export async function openServer(
  base: Base,
  named: readonly NamedQueue[],
  { createQueues, isDaemon = false }: { readonly createQueues: boolean; readonly isDaemon?: boolean },
): Promise<ServerSide> {
  const clearml = makeClearml(base, { isDaemon });
  try {
    const server = await clearml.connect();
    const queues = await findQueues(clearml, named, { create: createQueues, server: server.apiServer });
    const schedulerQueues = new Map<ClusterSettings, QueueId>();
    for (const cluster of base.config.settings.clusters) {
      const name = cluster.schedulerQueue;
      schedulerQueues.set(cluster, ((await clearml.queues.find(name)) ?? (await clearml.queues.create(name))).id);
    }
    return { clearml, server, queues, schedulerQueues };
  } catch (error) {
    await clearml.close();
    throw error;
  }
}

/** The way to a cluster; nothing has been asked there yet. */
export interface ClusterSide {
  readonly host: Transport;
  readonly scheduler: Scheduler;
}

/** @throws SshConfigError */
export async function openCluster(
  { config, around }: Base,
  cluster: ClusterSettings,
  log: Logger,
): Promise<ClusterSide> {
  const { binaries, sbatchTimeoutMs, commandTimeoutMs } = config.settings.slurm;
  const host = withSlurmCommands(await makeHost(cluster, around), config.settings.slurm, cluster);
  const scheduler = createCliScheduler({
    host,
    sbatchTimeoutMs,
    commandTimeoutMs,
    commands: slurmCommands(binaries),
    log,
    randomToken,
  });
  return { host, scheduler };
}

/** About twelve lower-case letters and digits. */
export function randomToken(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36);
}

export interface Sides extends ServerSide, ClusterSide {
  readonly facts: ClusterFacts;
  readonly log: Logger;
}

/** What the process is called, and where it remembers. */
interface Who {
  /** With which the worker ids of its jobs begin. */
  readonly worker: string;
  /** The worker id under which it shows itself. */
  readonly shownAs: string;
  readonly mark: string;
  readonly stateDir: string;
}

function daemonOf(base: Base, cluster: ClusterSettings): Who {
  const worker = workerName(base, cluster);
  return { worker, shownAs: worker, mark: daemonMark(base, cluster), stateDir: cluster.stateDir };
}

/** Everything that a process works with that brings tasks to one cluster: its daemon, or whoever is told. Its journal is open. @throws JournalError */
export async function assemble(
  base: Base,
  cluster: ClusterSettings,
  sides: Sides,
  { worker, shownAs, mark, stateDir }: Who = daemonOf(base, cluster),
): Promise<DaemonDeps> {
  const { slurm, abortCallbackMaxMs } = base.config.settings;
  const { clearml, server, host, scheduler, facts, log } = sides;
  const queues = sides.queues.filter((queue) => queue.cluster === cluster.name);
  const schedulerQueue = sides.schedulerQueues.get(cluster);
  if (schedulerQueue === undefined) throw new RangeError('this cluster is not among those that are served');
  const rate = callRate(slurm.submitsPerSecond, facts.callLimit);
  if (facts.callLimit !== undefined) {
    log.info('Slurm limits how often a user may ask; submissions keep below that', { perSecond: rate.perSecond });
  }
  const pace = createRateLimit(rate);
  return {
    clearml,
    scheduler: withRateLimit(scheduler, pace, systemClock),
    host,
    jobLogs: createJobLogs({ host, clock: systemClock, redact: (text) => base.secrets.redact(text) }),
    journal: await openJournal(stateDir, systemClock.now(), log),
    clock: systemClock,
    log,
    randomToken,
    worker,
    mark,
    peers: createPeers({ worker: shownAs, mark, queues: queues.map(({ id }) => id), schedulerQueue }),
    version: await readVersion(),
    queues,
    orderFairness: slurm.orderFairness,
    rateLimit: pace,
    schedulerQueue,
    cluster: facts,
    gracePeriods: { ...slurm.grace, abortCallbackMaxMs },
    adoptAfterMs: slurm.grace.adoptMs,
    job: { ...jobSettings(base, cluster, server.apiServer), umask: facts.umask },
    busy: new Set(),
  };
}
