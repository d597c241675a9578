// Peers: the other daemons on the same scheduler queue, and which of them tracks which job.
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
  /** Whether there were enough readings since the start: a daemon that is not among `others` is then gone. */
  readonly areAllKnown: () => boolean;
  /**
   * When this daemon or a peer last sent a heartbeat, by the server's clock: a time that this clock has certainly reached. Undefined if
   * the last reading showed none.
   */
  readonly heardAt: () => number | undefined;
  /** Whether any peer was ever seen: a peer that is gone may return and complete requests that it had started. */
  readonly hasMet: () => boolean;
  /** Whether a peer that is not gone serves one of these queues; any queue if undefined. */
  readonly doPeersServe: (queues?: readonly QueueId[]) => boolean;
}

interface Peer {
  readonly mark: string;
  readonly queues: readonly QueueId[];
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

const MARK_TAG = 'clearml-agent-slurm:mark:';

export function createPeers({ worker, mark, queues, schedulerQueue }: DaemonIdentity): Peers {
  const groupTag = `clearml-agent-slurm:queue:${schedulerQueue}`;
  const self: Peer = { mark, queues, missed: 0 };
  let shownAs = worker;
  let others: readonly Peer[] = [];
  let countedAt = -Infinity;
  let readings = 0;
  let firstReadAt: number | undefined;
  let hasMet = false;
  let heardAt: number | undefined;

  const isOurs: Peers['isOurs'] = (queue, ofMark) => {
    if (ofMark === mark && queues.includes(queue)) return true;
    const serving = [self, ...others].filter((one) => one.queues.includes(queue)).map((one) => one.mark);
    // Another `execute` process handles no task but its own.
    const first = serving.filter((one) => one === mark || !one.startsWith(ONE_TASK_MARK)).toSorted()[0];
    if (ofMark !== undefined && serving.includes(ofMark)) return ofMark === mark;
    return first === undefined || first === mark;
  };

  const areAllKnown = (): boolean => readings === GONE_AFTER_MISSED;

  return {
    row: () => ({ id: shownAs, queues, tags: [groupTag, `${MARK_TAG}${mark}`] }),

    async refresh(workers, now) {
      const found = await workers.find(groupTag, HEARD_WITHIN_MS);
      const times = found.workers.flatMap((row) => row.heardAt ?? []);
      heardAt = times.length === 0 ? undefined : Math.max(...times);
      const heard = found.workers.flatMap((row): (Peer & { readonly id: string })[] => {
        const other = parseMarkTag(row);
        return other === undefined || other === mark
          ? []
          : [{ id: row.id, mark: other, queues: row.queues.slice(0, MAX_QUEUES), missed: 0 }];
      });
      hasMet ||= heard.length > 0;
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
    doPeersServe: (wanted) => others.some((one) => wanted?.some((queue) => one.queues.includes(queue)) ?? true),

    isOurs,
    mayAdopt: (queue, ofMark) => {
      const isKnown = ofMark === undefined || ofMark === mark || others.some((one) => one.mark === ofMark);
      return isOurs(queue, ofMark) && (isKnown || areAllKnown());
    },
    areAllKnown,
  };
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

function parseMarkTag({ tags }: WorkerRow): string | undefined {
  const mark = tags.find((tag) => tag.startsWith(MARK_TAG))?.slice(MARK_TAG.length);
  return mark !== undefined && isMark(mark) ? mark : undefined;
}
