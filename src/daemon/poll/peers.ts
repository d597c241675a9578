// Peers: the other daemons on the same queues, and which of them tracks which job.
import type { WorkerRow, Workers } from '../../clearml/client.ts';
import type { QueueId } from '../../clearml/ids.ts';
import { isMark } from '../../slurm/job-name.ts';

/**
 * First letter of the mark of an `execute` process, and of no daemon's mark. It sorts after every daemon's mark, so that a daemon
 * handles untracked jobs if there is one.
 */
export const ONE_TASK_MARK = 'z';

export interface DaemonIdentity {
  readonly worker: string;
  /** Identifies this daemon's jobs; the same after a restart. */
  readonly mark: string;
  readonly queues: readonly QueueId[];
  readonly schedulerQueue: QueueId;
  /** Slurm's name of the cluster. */
  readonly cluster?: string;
}

/**
 * That one daemon tracks a job only avoids duplicate messages and requests: nothing breaks if two daemons track the same job, or none
 * does for a while.
 */
export interface Peers {
  /** Returns the worker registration of this daemon. */
  row(): WorkerRow;
  /**
   * Reads the live peers. Call it after the job list was read, and before anything is decided from it: a daemon registers before it
   * submits, so every listed job then belongs to a known daemon.
   */
  refresh(workers: Pick<Workers, 'find'>, now: number): Promise<void>;
  /**
   * Whether this daemon tracks a job with this mark, of a task of this queue: its own jobs, and those of a daemon that is gone or no
   * longer serves the queue. A job without a mark is tracked by one of the live daemons.
   */
  readonly isOurs: (queue: QueueId, mark: string | undefined) => boolean;
  /**
   * Whether this daemon adopts such a job. After its start it knows no peer yet, and the first readings need not show all: until there were
   * as many as make a known peer count as gone, it adopts no job that another daemon submitted. Readings that stay incomplete delay this by
   * minutes, not for ever: any user can register a worker that cannot be read.
   */
  readonly mayAdopt: (queue: QueueId, mark: string | undefined) => boolean;
  /**
   * Whether this daemon adopts a task of this queue that has no live job here: the daemon whose mark sorts first does. A task that was last
   * submitted to another cluster belongs to the daemons there, if one of them was ever seen: its job is not visible here.
   * @param cluster to which the task was last submitted, if that is known
   */
  readonly mayAdoptJobless: (queue: QueueId, cluster: string | undefined) => boolean;
  /** Whether the mark is this daemon's or that of a daemon that was seen on this server: jobs of others may be those of another server. */
  readonly hasMetMark: (mark: string) => boolean;
  /** Whether this worker id is that of a job of a daemon that was seen on another cluster: a job id means nothing then. */
  readonly isOfOtherCluster: (worker: string | undefined) => boolean;
  /** Whether there were enough readings since the start: a daemon that is not among `others` is then gone. */
  readonly areAllKnown: () => boolean;
  /**
   * When this daemon or a peer last sent a heartbeat, by the server's clock: a time that this clock has certainly reached. Undefined if
   * the last reading showed none.
   */
  readonly heardAt: () => number | undefined;
  /** Whether any peer was ever seen: a peer that is gone may return and complete requests that it had started. */
  readonly hasMet: () => boolean;
  /**
   * Whether a peer that is not gone serves one of these queues; any queue if undefined. True if the last reading was incomplete: a long
   * task name at the head of any queue can make the list of workers too large to be read.
   */
  readonly doPeersServe: (queues?: readonly QueueId[]) => boolean;
}

interface Peer {
  readonly mark: string;
  readonly queues: readonly QueueId[];
  /** Whether it has the same scheduler queue. */
  readonly parksWithUs: boolean;
  /** Undefined for a daemon of 0.2.0: it may be on any cluster. */
  readonly cluster: string | undefined;
  /** How many readings in a row it was missing. */
  readonly missed: number;
}

/** A daemon sends a heartbeat every 30 seconds. */
const HEARD_WITHIN_MS = 75_000;
/** A peer that is missing from this many readings in a row counts as gone; one that only restarts keeps its jobs. */
const GONE_AFTER_MISSED = 3;
/** Readings closer together count as one. */
const READINGS_APART_MS = 25_000;

/** So long after the first reading, incomplete readings count too. */
const ALL_KNOWN_AFTER_MS = 360_000;

/** Far more than the daemons on one scheduler queue, and than the queues that one of them serves. */
const MAX_PEERS = 200;
const MAX_QUEUES = 1_000;

/** What is remembered of daemons that are gone. */
const MAX_MET = 1_000;

/** Each daemon has it; a daemon of 0.2.0 has only the other tags. */
const DAEMON_TAG = 'clearml-agent-slurm';
const MARK_TAG = 'clearml-agent-slurm:mark:';
const CLUSTER_TAG = 'clearml-agent-slurm:cluster:';

export function createPeers({ worker, mark, queues, schedulerQueue, cluster }: DaemonIdentity): Peers {
  const groupTag = `clearml-agent-slurm:queue:${schedulerQueue}`;
  const clusterTags = cluster === undefined ? [] : [`${CLUSTER_TAG}${cluster}`];
  const self: Peer = { mark, queues, parksWithUs: true, cluster, missed: 0 };
  const met = {
    marks: new Set([mark]),
    otherClusters: new Set<string>(),
    /** The names of daemons, with which the worker ids of their jobs begin. */
    workersHere: new Set([nameOf(worker, mark)]),
    workersElsewhere: new Set<string>(),
  };
  let shownAs = worker;
  let others: readonly Peer[] = [];
  let countedAt = -Infinity;
  let readings = 0;
  let firstReadAt: number | undefined;
  let hasMet = false;
  let isIncomplete = false;
  let heardAt: number | undefined;

  const isElsewhere = (one: Pick<Peer, 'cluster'>): boolean =>
    cluster !== undefined && one.cluster !== undefined && one.cluster !== cluster;

  function marksServing(queue: QueueId, among: readonly Peer[]): string[] {
    return among.filter((one) => one.queues.includes(queue)).map((one) => one.mark);
  }

  /** Whether this daemon is the first of those with these marks. */
  function isFirst(marks: readonly string[]): boolean {
    // Another `execute` process handles no task but its own.
    const first = marks.filter((one) => one === mark || !one.startsWith(ONE_TASK_MARK)).toSorted()[0];
    return first === undefined || first === mark;
  }

  const isOurs: Peers['isOurs'] = (queue, ofMark) => {
    if (ofMark === mark && queues.includes(queue)) return true;
    // The jobs that a daemon sees are those of its cluster.
    const serving = marksServing(
      queue,
      [self, ...others].filter((one) => !isElsewhere(one)),
    );
    if (ofMark !== undefined && serving.includes(ofMark)) return ofMark === mark;
    return isFirst(serving);
  };

  function note({ id }: WorkerRow, { mark: ofMark, cluster: ofCluster }: Peer): void {
    remember(met.marks, ofMark);
    const isOther = isElsewhere({ cluster: ofCluster });
    remember(isOther ? met.workersElsewhere : met.workersHere, nameOf(id, ofMark));
    if (isOther && ofCluster !== undefined) remember(met.otherClusters, ofCluster);
  }

  /** Names that daemons on both clusters have show nothing. */
  function isOfOtherCluster(of: string | undefined): boolean {
    const isOf = (name: string): boolean => of?.startsWith(`${name}:`) === true;
    return [...met.workersElsewhere].some(isOf) && ![...met.workersHere].some(isOf);
  }

  const areAllKnown = (): boolean => readings === GONE_AFTER_MISSED;

  return {
    row: () => ({ id: shownAs, queues, tags: [groupTag, `${MARK_TAG}${mark}`, DAEMON_TAG, ...clusterTags] }),

    async refresh(workers, now) {
      const found = await workers.find([groupTag, DAEMON_TAG], HEARD_WITHIN_MS);
      const times = found.workers.flatMap((row) => row.heardAt ?? []);
      isIncomplete = !found.isWhole;
      heardAt = times.length === 0 ? undefined : Math.max(...times);
      const heard = found.workers.flatMap((row): (Peer & { readonly id: string })[] => {
        const other = parseMarkTag(row);
        if (other === undefined || other === mark) return [];
        const its = row.queues.slice(0, MAX_QUEUES);
        const parksWithUs = row.tags.includes(groupTag);
        if (!parksWithUs && !its.some((queue) => queues.includes(queue))) return [];
        const peer = { mark: other, queues: its, parksWithUs, cluster: parseClusterTag(row), missed: 0 };
        note(row, peer);
        return [{ ...peer, id: row.id }];
      });
      hasMet ||= heard.some((one) => one.parksWithUs || !isElsewhere(one));
      // Two daemons with the same name would share one registration and overwrite each other.
      if (heard.some(({ id }) => id === shownAs)) shownAs = `${worker}-${mark}`;
      // A peer that is missing from an incomplete response may be in the part that could not be read.
      const misses = !found.isWhole || Math.abs(now - countedAt) < READINGS_APART_MS ? 0 : 1;
      if (misses > 0) countedAt = now;
      firstReadAt ??= now;
      readings =
        now - firstReadAt >= ALL_KNOWN_AFTER_MS ? GONE_AFTER_MISSED : Math.min(readings + misses, GONE_AFTER_MISSED);
      others = mergePeers(others, heard, misses);
    },

    heardAt: () => heardAt,
    hasMet: () => hasMet,
    doPeersServe: (wanted) =>
      isIncomplete ||
      others.some((one) => one.parksWithUs && (wanted?.some((queue) => one.queues.includes(queue)) ?? true)),

    isOurs,
    mayAdopt: (queue, ofMark) => {
      const isKnown = ofMark === undefined || ofMark === mark || others.some((one) => one.mark === ofMark);
      return isOurs(queue, ofMark) && (isKnown || areAllKnown());
    },
    mayAdoptJobless: (queue, ofCluster) => {
      const isSeenHere = ofCluster !== undefined && ofCluster === cluster;
      const isSeenElsewhere = ofCluster !== undefined && cluster !== undefined && !isSeenHere;
      if (isSeenElsewhere && (met.otherClusters.has(ofCluster) || !areAllKnown())) return false;
      return isFirst(
        marksServing(
          queue,
          [self, ...others].filter((one) => !isSeenHere || !isElsewhere(one)),
        ),
      );
    },
    hasMetMark: (ofMark) => met.marks.has(ofMark),
    isOfOtherCluster,
    areAllKnown,
  };
}

/** The name of a daemon, without what is appended to make its worker id unique. */
function nameOf(worker: string, mark: string): string {
  return worker.replace(new RegExp(`-${mark}$`), '').replace(/:execute:[0-9a-f]+$/, '');
}

function remember<Value>(values: Set<Value>, value: Value): void {
  if (values.size < MAX_MET) values.add(value);
}

/** Returns the peers to remember. Any user can register workers, so known peers are kept before new ones. */
export function mergePeers<Known extends Pick<Peer, 'mark' | 'missed'>>(
  known: readonly Known[],
  heard: readonly Known[],
  misses: number,
): readonly Known[] {
  const heardByMark = new Map(heard.map((one) => [one.mark, one]));
  const old = known.map((one) => heardByMark.get(one.mark) ?? { ...one, missed: one.missed + misses });
  const oldMarks = new Set(known.map(({ mark }) => mark));
  const added = [...heardByMark.values()].filter(({ mark }) => !oldMarks.has(mark));
  return [...old.filter(({ missed }) => missed < GONE_AFTER_MISSED), ...added].slice(0, MAX_PEERS);
}

/** Any user can register a worker with any tags. */
function parseClusterTag({ tags }: WorkerRow): string | undefined {
  return tags.find((tag) => tag.startsWith(CLUSTER_TAG))?.slice(CLUSTER_TAG.length);
}

function parseMarkTag({ tags }: WorkerRow): string | undefined {
  const mark = tags.find((tag) => tag.startsWith(MARK_TAG))?.slice(MARK_TAG.length);
  return mark !== undefined && isMark(mark) ? mark : undefined;
}
