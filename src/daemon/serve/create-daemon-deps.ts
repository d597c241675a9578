// Creates the dependencies of the daemon from the configuration.
import type { TaskId } from '../../clearml/ids.ts';
import { systemClock } from '../../base/clock.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { DaemonDeps } from '../deps.ts';
import { createJobLogs } from '../console/job-log-reader.ts';
import { openJournal } from '../journal/journal.ts';
import { openHistory, type History } from '../../history/write-history.ts';
import { openAuditLog, type AuditLog } from '../audit/audit-log.ts';
import { withAuditedStatuses } from '../audit/audit-status-changes.ts';
import { createNames } from '../users/cached-users-and-projects.ts';
import { readPauses } from '../pause/pauses-file.ts';
import { createPeers } from '../poll/peers.ts';
import type { Logger } from '../../log/logger.ts';
import { createRateLimit } from '../../base/token-bucket.ts';
import { clusterRate, withRateLimit } from '../../slurm/spend-rate-limit-tokens.ts';
import { daemonMark, jobSettings, workerName } from './derive-names-and-job-settings.ts';
import type { App } from '../../assembly/app.ts';
import { readVersion } from '../../base/installation.ts';
import { randomToken, type ClusterSide } from '../../assembly/open-cluster.ts';
import { createUnixUsers, type UnixUsers } from '../users/unix-users.ts';
import type { ServerSide } from './connect-to-clearml.ts';
import type { FoundCluster } from './wait-for-cluster.ts';

export interface Sides extends ServerSide, ClusterSide, FoundCluster {
  readonly log: Logger;
}

/** The names of the process, and its state directory. */
interface Who {
  /** The worker ids of its jobs begin with it. */
  readonly worker: string;
  /** The worker id under which it registers. */
  readonly shownAs: string;
  readonly mark: string;
  readonly stateDir: string;
  /** The task of `execute`, whose history is that of its cluster. */
  readonly writer?: TaskId;
}

function daemonOf(app: App, cluster: ClusterSettings): Who {
  const worker = workerName(app, cluster);
  return { worker, shownAs: worker, mark: daemonMark(app, cluster), stateDir: cluster.stateDir };
}

/** The dependencies of a process that submits tasks to one cluster, with an open journal. @throws JournalError */
export async function createDaemonDeps(
  app: App,
  cluster: ClusterSettings,
  sides: Sides,
  { worker, shownAs, mark, stateDir, writer }: Who = daemonOf(app, cluster),
): Promise<DaemonDeps & { readonly history: History; readonly audit: AuditLog }> {
  const { slurm, abortCallbackMaxMs } = app.config.settings;
  const { clearml, server, host, scheduler, facts, log } = sides;
  const queues = sides.queues.filter((queue) => queue.cluster === cluster.name);
  const schedulerQueue = sides.schedulerQueues.get(cluster);
  if (schedulerQueue === undefined) throw new RangeError('this cluster is not among those that are served');
  const rate = clusterRate(slurm.submitsPerSecond, facts.callLimit);
  if (facts.callLimit !== undefined) {
    log.info("Slurm limits each user's request rate; keeping submissions below that rate", {
      perSecond: rate.perSecond,
    });
  }
  const rateLimit = createRateLimit(rate);
  const unixUsers = unixUsersOf(sides);
  const journal = await openJournal(stateDir, systemClock.now(), log);
  const audit = await openAuditLog({
    stateDir: cluster.stateDir,
    cluster: facts.clusterName,
    writer,
    redact: (text) => app.secrets.redact(text),
    clock: systemClock,
    log,
  });
  return {
    clearml: withAuditedStatuses(clearml, audit, journal),
    names: createNames(clearml.people, systemClock),
    scheduler: withRateLimit(scheduler, rateLimit, systemClock, facts),
    transport: host,
    jobLogs: createJobLogs({ host, clock: systemClock, redact: (text) => app.secrets.redact(text) }),
    journal,
    audit,
    history: await openHistory({
      stateDir: cluster.stateDir,
      writer,
      log,
      now: systemClock.now(),
      hasAccounting: facts.hasAccounting,
    }),
    clock: systemClock,
    log,
    randomToken,
    worker,
    mark,
    peers: createPeers({
      worker: shownAs,
      mark,
      queues: queues.map(({ id }) => id),
      schedulerQueue,
      cluster: facts.clusterName,
    }),
    version: readVersion(),
    queues,
    orderFairness: slurm.orderFairness,
    limits: cluster.limits,
    pauses: () => readPauses(cluster.stateDir, systemClock.now()),
    rateLimit,
    serverRateLimit: sides.serverRateLimit,
    schedulerQueue,
    cluster: facts,
    gracePeriods: { ...slurm.grace, abortCallbackMaxMs },
    adoptAfterMs: slurm.grace.adoptMs,
    job: { ...jobSettings(app, cluster, server.apiServer), umask: facts.umask },
    unixUsers,
    busy: new Set(),
  };
}

function unixUsersOf({ userMap, log }: Pick<Sides, 'userMap' | 'log'>): UnixUsers | undefined {
  for (const why of userMap?.problems ?? [])
    log.error("Rejecting a user's tasks because of an invalid user_map entry", { why });
  return userMap && createUnixUsers(userMap);
}
