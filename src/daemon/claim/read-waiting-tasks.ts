// Reads what decides which task is claimed next: the served queues, the owners of their tasks, and the jobs that limits count.
import type { Queue, QueueEntry, QueueList } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { type Pause, pauseOf } from '../pause/pauses-file.ts';
import { createTaskOwners, factsOf, type TaskFacts } from '../users/task-owners.ts';
import type { Backoff } from '../submit/submission-backoff.ts';
import type { Submitter } from '../submit/failed-submission-holds.ts';
import { findLiveJob, listJobs, readParked, type Snapshot } from '../poll/poll.ts';
import { createPeerWatch, headsFarFromLimits } from './claim-beside-peers.ts';
import { createOverReader, NO_JOBS, tally, tasksWithJobs, type Tally } from './count-limit-use.ts';
import { createEarlierJobsFinder } from './earlier-jobs.ts';
import { createSizeReader } from './nodes-and-gpus-of-tasks.ts';
import { countsSizes, needsOwners } from './limits-reached.ts';
import type { ClaimState, Head } from './plan-claims.ts';
import { createRefusedTasks } from './refused-tasks.ts';

export interface WaitingTasksReader {
  /** Starts a pass: what was learned since an older snapshot no longer counts. */
  begin(snapshot: Snapshot): void;
  read(given: Reading): Promise<ClaimState>;
  /** Notes that a claim was tried, so that the entry in the snapshot is old. */
  tried(head: Head, isClaimed: boolean): void;
  /** Whose submission the task's will be; undefined if its owner is not known yet. */
  submitterOf(queue: ServedQueue, task: TaskId): Submitter | undefined;
  /** Notes whose turn it was. */
  served(state: ClaimState): void;
  /** Whether a peer may submit jobs that limits count, so that the counts must be read again after few claims. */
  readonly mustReadOften: () => boolean;
  /** Those of these first tasks that may be claimed before the peers' jobs are counted again. The next one may be claimed alone. */
  readonly togetherOf: (state: ClaimState, heads: readonly Head[]) => readonly Head[];
  /** Whether jobs of peers may be missing in the counts, so that they must be listed before a task is claimed near a limit. */
  readonly mustListAgain: () => boolean;
  /** Lists the jobs, so that the next reading counts them. False if Slurm did not list them. */
  listAgain(signal: AbortSignal): Promise<boolean>;
  /** Whether the size of the job of this queue must be read before another task is claimed. */
  readonly mustReadSize: (queue: ServedQueue) => boolean;
}

interface Reading extends Pick<ClaimState, 'lastServed'> {
  /** Tasks whose claim failed. */
  readonly failed: ReadonlySet<TaskId>;
  /** How many entries to read of each queue; undefined for all. */
  readonly most: number | undefined;
  readonly pauses: readonly Pause[];
  readonly signal: AbortSignal;
}

/**
 * Tasks whose owners are read in one pass, in up to four calls. A queue of 10,000 tasks, of which none is known, takes five passes;
 * those whose owner is not known yet wait. An owner is read once.
 */
const OWNERS_PER_PASS = 2_000;

interface Pass {
  readonly snapshot: Snapshot;
  /** The snapshot with the jobs that were listed since. */
  counted: Snapshot;
  ownersLeft: number;
}

export function createWaitingTasksReader(
  deps: DaemonDeps,
  backoff: Pick<Backoff, 'holds' | 'failures'>,
): WaitingTasksReader {
  const { queues, limits = {}, journal } = deps;
  const owners = deps.unixUsers?.owners ?? createTaskOwners();
  const over = createOverReader(deps.clearml.tasks, deps.clock);
  const turns = new Map<QueueId, ReadonlyMap<string, number>>();
  const ids = queues.map(({ id }) => id);
  const distinguishesOwners = queues.some((queue) => needsOwners(queue, limits));
  const distinguishesQueues = distinguishesOwners || queues.some((queue) => hasLimit(queue.limits));
  const countsJobs = distinguishesQueues || hasLimit(limits);
  const sizes =
    countsSizes(limits) || queues.some((queue) => countsSizes(queue.limits)) ? createSizeReader(deps) : undefined;
  /** Only peers on these queues use the same limits. */
  const shared = hasLimit(limits)
    ? undefined
    : queues.filter((queue) => hasLimit(queue.limits) || needsOwners(queue, limits)).map(({ id }) => id);
  const peerWatch = createPeerWatch(deps.clock);
  const findEarlierJobs = createEarlierJobsFinder(deps);
  const refused = createRefusedTasks(deps, backoff, (snapshot, task) => knownFacts(snapshot, task)?.owner);
  let pass: Pass | undefined;
  /** Since the snapshot of the pass: tasks that were parked at any time, and entries that are old. */
  let parked = new Set<TaskId>();
  let old = new Set<TaskId>();

  function current(): Pass {
    if (pass === undefined) throw new RangeError('a pass must begin before its queues are read');
    return pass;
  }

  /** Jobs that peers submitted since the poll are known by their entries in the scheduler queue. */
  async function readTally(snapshot: Snapshot, signal: AbortSignal): Promise<Tally> {
    if (!countsJobs) return { cluster: NO_JOBS, queues: new Map() };
    if (mustReadOften()) {
      const from = deps.clock.now();
      const [scheduler] = (await deps.clearml.queues.read([deps.schedulerQueue])).queues;
      peerWatch.read(from);
      for (const { task } of scheduler?.entries ?? []) parked.add(task);
    }
    const readFacts = (task: TaskId): TaskFacts | undefined => knownFacts(snapshot, task);
    const claimed = await readClaimed(readFacts);
    const isUntracked = (task: TaskId): boolean => !journal.entries.has(task) && !claimed.has(task);
    const named = [...snapshot.jobs.keys()].filter(isUntracked);
    const untracked = named.filter((task) => findLiveJob(snapshot, task) !== undefined);
    current().ownersLeft -= await over.read(untracked, current().ownersLeft);
    const tasks = tasksWithJobs({
      jobs: snapshot.jobs,
      parked: claimed,
      journal: journal.entries,
      isOver: over.isOver,
    });
    if (distinguishesQueues) await readOwners([...tasks.keys()].filter((task) => isUnknown(readFacts(task))));
    const sizeOf = await sizes?.read(snapshot, tasks.keys(), signal);
    return tally(tasks, ids, readFacts, sizeOf ?? (() => undefined));
  }

  /**
   * Returns the parked tasks that a daemon may have claimed: their queue is served, or not known yet. Any user can park tasks of other
   * queues, and no daemon removes those.
   */
  async function readClaimed(readFacts: (task: TaskId) => TaskFacts | undefined): Promise<ReadonlySet<TaskId>> {
    if (!deps.peers.areAllKnown()) return parked;
    await readOwners([...parked].filter((task) => readFacts(task) === undefined));
    const isServed = (queue: QueueId): boolean => ids.includes(queue) || deps.peers.doPeersServe([queue]);
    const mayBeClaimed = (task: TaskId): boolean => {
      const facts = readFacts(task);
      return facts === undefined || (facts.queue !== undefined && isServed(facts.queue));
    };
    return new Set([...parked].filter(mayBeClaimed));
  }

  function mustReadOften(): boolean {
    return countsJobs && deps.peers.doPeersServe(shared);
  }

  function isUnknown(known: TaskFacts | undefined): boolean {
    return known === undefined || (distinguishesOwners && known.owner === undefined);
  }

  function knownFacts(snapshot: Snapshot, task: TaskId): TaskFacts | undefined {
    const read = snapshot.tasks.get(task);
    const known = read === undefined ? owners.get(task) : factsOf(read);
    const entry = journal.entries.get(task);
    return entry === undefined ? known : { owner: known?.owner, queue: entry.queue };
  }

  async function readOwners(tasks: Iterable<TaskId>): Promise<void> {
    current().ownersLeft -= await owners.read(deps.clearml.tasks, tasks, current().ownersLeft);
  }

  function mattersWho(queue: ServedQueue, snapshot: Snapshot): boolean {
    return needsOwners(queue, limits) || refused.mayHold(snapshot);
  }

  /** Only if owners matter, more entries than the first ones are needed: the poll has read them. */
  function entriesOf(queue: ServedQueue, read: Queue | undefined, snapshot: Snapshot): readonly QueueEntry[] {
    const isOld = (task: TaskId): boolean => old.has(task) || journal.entries.has(task);
    if (!mattersWho(queue, snapshot) || read?.hasMore !== true) return read?.entries ?? [];
    const polled = snapshot.queues.find(({ id }) => id === queue.id)?.entries ?? [];
    return mergeEntries(read.entries, polled, isOld);
  }

  return {
    begin(snapshot) {
      const counted = snapshot === pass?.snapshot ? pass.counted : snapshot;
      if (snapshot !== pass?.snapshot) {
        parked = new Set(readParked(snapshot, deps.schedulerQueue).keys());
        old = new Set();
        peerWatch.listed(snapshot);
      }
      pass = { snapshot, counted, ownersLeft: OWNERS_PER_PASS };
    },

    async read({ most, lastServed, failed, pauses, signal }) {
      const { snapshot, counted } = current();
      const read = await deps.clearml.queues.read(ids, most);
      warnOfMissing(deps, read);
      const counts = await readTally(counted, signal);
      const waiting = queues.map((queue) => {
        const found = read.queues.find(({ id }) => id === queue.id);
        return { queue, entries: entriesOf(queue, found, snapshot), hasMore: found?.hasMore };
      });
      for (const { queue, entries } of waiting)
        if (mattersWho(queue, snapshot)) await readOwners(entries.map(({ task }) => task));
      const failedClaims = [...failed].map((task) => [task, undefined] as const);
      const held = refused.find(snapshot, waiting);
      const unclaimable = findEarlierJobs(snapshot, waiting);
      return {
        queues: waiting.map(({ queue, entries, hasMore }) => ({
          queue,
          entries,
          hasMore: mattersWho(queue, snapshot) ? undefined : hasMore,
          counts: counts.queues.get(queue.id) ?? NO_JOBS,
          pause: pauseOf(pauses, queue),
          refusedUntil: refused.queueHeldUntil(queue.id),
          servedAt: turns.get(queue.id) ?? new Map(),
        })),
        limits,
        counts: counts.cluster,
        ownerOf: (task) => knownFacts(snapshot, task)?.owner,
        orderFairness: deps.orderFairness,
        lastServed,
        skip: unclaimable.skip,
        passed: new Map([...failedClaims, ...held, ...unclaimable.passed]),
        turns: refused.inTurn(snapshot, waiting),
      };
    },

    tried({ queue, entry }, isClaimed) {
      old.add(entry.task);
      const user = refused.submitterOf(current().snapshot, queue.id, entry.task)?.user;
      // If a peer was first, its daemon submits the task: that shows this one nothing.
      if (isClaimed && user !== undefined) deps.unixUsers?.holds.noteProbe(user, deps.clock.now());
    },

    submitterOf: ({ id }, task) => refused.submitterOf(current().snapshot, id, task),

    served(state) {
      for (const { queue, servedAt } of state.queues) turns.set(queue.id, servedAt);
    },

    mustReadOften,
    togetherOf: (state, heads) => (mustReadOften() ? headsFarFromLimits(state, heads) : heads),
    mustListAgain: () => mustReadOften() && peerWatch.mustListAgain(),
    async listAgain(signal) {
      const list = await listJobs(deps, signal);
      if (list === undefined) return false;
      const { listedAt, slurmMs } = list;
      const its = current();
      // Jobs that are no longer listed stay.
      its.counted = { ...its.counted, listedAt, slurmMs, jobs: new Map([...its.counted.jobs, ...list.jobs]) };
      peerWatch.listed(list);
      return true;
    },
    mustReadSize: (queue) => countsSizes(limits) || countsSizes(queue.limits),
  };
}

function hasLimit(limits: ServedQueue['limits'] = {}): boolean {
  return Object.values(limits).some((limit) => limit !== undefined);
}

/**
 * The first entries of a queue as they are, then the others as the poll found them.
 * @param isOld whether the entry has been claimed since
 */
function mergeEntries(
  first: readonly QueueEntry[],
  polled: readonly QueueEntry[],
  isOld: (task: TaskId) => boolean,
): QueueEntry[] {
  const known = new Set(first.map(({ task }) => task));
  // What was polled before the first of these has left the queue since, unless a user moved an entry to the front.
  const start = Math.max(
    0,
    polled.findIndex(({ task }) => known.has(task)),
  );
  return [...first, ...polled.slice(start).filter(({ task }) => !known.has(task) && !isOld(task))];
}

function warnOfMissing(deps: DaemonDeps, { queues, isWhole }: QueueList): void {
  if (!isWhole) return;
  for (const { id, name } of deps.queues) {
    if (!queues.some((queue) => queue.id === id)) {
      deps.log.warn('A served queue no longer exists; create it again, or restart the daemon with other queues', {
        queue: name,
      });
    }
  }
}
