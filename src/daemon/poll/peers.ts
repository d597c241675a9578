// Neighbours: the daemons that live beside this one on the same scheduler queue, and so who of them follows which job.
import type { WorkerRow, Workers } from '../../clearml/client.ts';
import type { QueueId } from '../../clearml/ids.ts';
import { isMark } from '../../slurm/job-name.ts';

/**
 * With this letter the mark begins of a process that brings a single task to Slurm, and no daemon's: it stands behind every
 * daemon's, so that what nobody has is settled by a daemon where there is one.
 */
export const ONE_TASK_MARK = 'z';

export interface DaemonIdentity {
  readonly worker: string;
  /** By which this daemon's jobs are known, the same in every life of it. */
  readonly mark: string;
  readonly queues: readonly QueueId[];
  readonly schedulerQueue: QueueId;
}

/**
 * Who follows a job is only a matter of saying things once and of wasting no call: nothing breaks when two daemons follow the
 * same one, or when none does for a while.
 */
export interface Peers {
  /** This daemon as it is to be shown among the workers. */
  row(): WorkerRow;
  /**
   * Reads who lives. To be called after the list of jobs was read, and before anything is concluded from it: a daemon shows
   * itself before it submits, so that none of those jobs is a stranger's.
   */
  refresh(workers: Pick<Workers, 'find'>, now: number): Promise<void>;
  /**
   * Whether this daemon is to follow a job of this mark, of a task of this queue: its own, and those of a daemon that is dead
   * or no longer serves the queue. What carries no mark is followed by one of those who live.
   */
  readonly isOurs: (queue: QueueId, mark: string | undefined) => boolean;
  /** Whether any peer was ever seen: one that is gone may come back with calls that it had begun. */
  readonly hasMet: () => boolean;
}

interface Peer {
  readonly mark: string;
  readonly queues: readonly QueueId[];
  /** In so many readings in a row it was missing. */
  readonly missed: number;
}

/** A daemon reports twice a minute. */
const HEARD_WITHIN_MS = 75_000;
/** Missing from so many readings in a row it is taken for dead: one that is only started anew keeps its jobs. */
const DEAD_AFTER_MISSED = 3;
/** Readings in quicker succession count as one. */
const READINGS_APART_MS = 25_000;

/** Far more than there are daemons on one scheduler queue, and than one of them serves queues. */
const MOST_KNOWN = 200;
const MOST_QUEUES = 1_000;

const MARK_TAG = 'clearml-agent-slurm:mark:';

export function createPeers({ worker, mark, queues, schedulerQueue }: DaemonIdentity): Peers {
  const groupTag = `clearml-agent-slurm:queue:${schedulerQueue}`;
  const self: Peer = { mark, queues, missed: 0 };
  let shownAs = worker;
  let others: readonly Peer[] = [];
  let countedAt = -Infinity;
  let hasMet = false;

  return {
    row: () => ({ id: shownAs, queues, tags: [groupTag, `${MARK_TAG}${mark}`] }),

    async refresh(workers, now) {
      const found = await workers.find(groupTag, HEARD_WITHIN_MS);
      const heard = found.workers.flatMap((row): (Peer & { readonly id: string })[] => {
        const other = readMarkTag(row);
        return other === undefined || other === mark
          ? []
          : [{ id: row.id, mark: other, queues: row.queues.slice(0, MOST_QUEUES), missed: 0 }];
      });
      hasMet ||= heard.length > 0;
      // Two daemons of one name would show as one, now as this one and now as that.
      if (heard.some(({ id }) => id === shownAs)) shownAs = `${worker}-${mark}`;
      // One that is missing from an answer of which a part could not be read may be in that part.
      const misses = !found.isWhole || Math.abs(now - countedAt) < READINGS_APART_MS ? 0 : 1;
      if (misses > 0) countedAt = now;
      others = mergePeers(others, heard, misses);
    },

    hasMet: () => hasMet,

    isOurs: (queue, ofMark) => {
      if (ofMark === mark && queues.includes(queue)) return true;
      const serving = [self, ...others].filter((one) => one.queues.includes(queue)).map((one) => one.mark);
      // Another process of a single task looks at none but its own.
      const first = serving.filter((one) => one === mark || !one.startsWith(ONE_TASK_MARK)).toSorted()[0];
      if (ofMark !== undefined && serving.includes(ofMark)) return ofMark === mark;
      return first === undefined || first === mark;
    },
  };
}

/** Those of whom to know from now on. Anybody may register workers: those who are known already stay before newcomers. */
export function mergePeers<Known extends Pick<Peer, 'mark' | 'missed'>>(
  known: readonly Known[],
  heard: readonly Known[],
  misses: number,
): readonly Known[] {
  const heardByMark = new Map(heard.map((one) => [one.mark, one]));
  const old = known.map((one) => heardByMark.get(one.mark) ?? { ...one, missed: one.missed + misses });
  const oldMarks = new Set(known.map(({ mark }) => mark));
  const added = [...heardByMark.values()].filter(({ mark }) => !oldMarks.has(mark));
  return [...old.filter(({ missed }) => missed < DEAD_AFTER_MISSED), ...added].slice(0, MOST_KNOWN);
}

function readMarkTag({ tags }: WorkerRow): string | undefined {
  const mark = tags.find((tag) => tag.startsWith(MARK_TAG))?.slice(MARK_TAG.length);
  return mark !== undefined && isMark(mark) ? mark : undefined;
}
