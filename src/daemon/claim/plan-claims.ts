// Decides which waiting tasks to claim, in which order, and why the others wait. Pure.
import type { QueueEntry } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Limits } from '../../base/job-limits.ts';
import type { ServedQueue } from '../deps.ts';
import type { Pause } from '../pause/pauses-file.ts';
import { addJob, jobsOfOwner, type JobCounts } from './count-limit-use.ts';
import type { HoldReason } from './hold-reasons.ts';
import { awaitsSize, holdOfOwner, holdOfQueue, needsOwners } from './limits-reached.ts';

export interface WaitingQueue {
  readonly queue: ServedQueue;
  /** In queue order. */
  readonly entries: readonly QueueEntry[];
  /** Only the first entries were read. */
  readonly hasMore?: boolean | undefined;
  readonly counts: JobCounts;
  readonly pause?: Pause | undefined;
  /** Until when Slurm's refusal of its jobs holds all of its tasks, milliseconds since 1970. */
  readonly refusedUntil?: number | undefined;
  /** By owner, when a task of theirs was last claimed from this queue: a number that grows with each claim. */
  readonly servedAt: ReadonlyMap<string, number>;
}

export type HeldTasks = ReadonlyMap<TaskId, HoldReason | undefined>;

export interface ClaimState {
  /** In order of priority. */
  readonly queues: readonly WaitingQueue[];
  readonly limits: Limits;
  readonly counts: JobCounts;
  /** The ClearML user that owns the task; empty if it has none, undefined if it was not read yet. */
  readonly ownerOf: (task: TaskId) => string | undefined;
  readonly orderFairness: boolean;
  readonly lastServed?: ServedQueue | undefined;
  /** Tasks that cannot be claimed for a moment. They block their queue, or their owner in a queue that distinguishes owners. */
  readonly skip: ReadonlySet<TaskId>;
  /**
   * Tasks whose claim failed in this pass, whose user or Unix user must wait, or whose earlier job has not ended, and the reason to show, if
   * there is one. They block no other task.
   */
  readonly passed: HeldTasks;
  /** Of each set in turn, one task is claimed before all others; none if undefined. */
  readonly turns?: readonly ReadonlySet<TaskId>[] | undefined;
}

/** The entry of a served queue that is claimed next. */
export interface Head {
  readonly queue: ServedQueue;
  readonly entry: QueueEntry;
}

export interface HeldTask {
  readonly task: TaskId;
  readonly queue: ServedQueue;
  readonly why: HoldReason;
  /** How many tasks are claimed before it: of its queue, or of its owner if the owner's tasks have a separate order. */
  readonly before: number;
  readonly isOfOwner: boolean;
}

export interface ClaimPlan {
  readonly claims: readonly Head[];
  /** The next entry of a queue was not read, and no later queue must come first. */
  readonly needsMore: boolean;
}

/** How many entries of a queue are explained: each costs two requests when its reason changes. */
const EXPLAINED_ENTRIES = 50;

/**
 * Plans the next claims. The order is that of the queues (with order fairness, in turn), and in a queue that of its entries. A limit or
 * a pause holds only what it applies to: a later queue, or in a queue with a limit per user another owner, is served instead. With user
 * fairness, the owner with the fewest jobs of the queue is next; of equals, the owner served longest ago. The tasks of one owner keep
 * their order.
 * @param most how many claims to plan
 */
export function planClaims(state: ClaimState, most: number): ClaimPlan {
  const claims: Head[] = [];
  let now = state;
  while (claims.length < most) {
    const next = chooseNext(now);
    if (next === undefined || next === 'more') return { claims, needsMore: next === 'more' };
    claims.push(next);
    now = afterClaim(now, next);
  }
  return { claims, needsMore: false };
}

/** Of each queue, some of the first entries that a limit or a pause holds. */
export function heldTasks(state: ClaimState): HeldTask[] {
  return state.queues.flatMap((waiting) => explainHeld(state, waiting));
}

function chooseNext(state: ClaimState): Head | 'more' | undefined {
  for (const tasks of state.turns ?? []) {
    const next = chooseByPriority(withoutOthers(state, tasks));
    if (next !== undefined && next !== 'more') return next;
  }
  return chooseByPriority(state);
}

/** Only these tasks may be claimed. */
function withoutOthers(state: ClaimState, tasks: ReadonlySet<TaskId>): ClaimState {
  const others = state.queues
    .flatMap(({ entries }) => entries.filter(({ task }) => !tasks.has(task)))
    .map(({ task }) => [task, undefined] as const);
  const queues = state.queues.map((waiting) => ({ ...waiting, hasMore: undefined }));
  return { ...state, queues, passed: new Map([...state.passed, ...others]) };
}

function chooseByPriority(state: ClaimState): Head | 'more' | undefined {
  const { queues, orderFairness, lastServed } = state;
  const start = orderFairness ? queues.findIndex(({ queue }) => queue === lastServed) + 1 : 0;
  for (const waiting of [...queues.slice(start), ...queues.slice(0, start)]) {
    const { queue, entries, hasMore, refusedUntil } = waiting;
    if (refusedUntil !== undefined || holdOfQueue(state, waiting) !== undefined || awaitsSize(state, waiting)) continue;
    if (hasMore === true && findClaimable(entries, state.passed) === -1) return 'more';
    const at = needsOwners(queue, state.limits) ? chooseByOwner(state, waiting) : chooseFirst(state, waiting);
    const entry = at === undefined ? undefined : entries[at];
    if (entry !== undefined && at !== undefined) return { queue, entry: at > 0 ? { ...entry, isBehind: true } : entry };
  }
  return undefined;
}

/** Returns the index of the first entry that is readable and not passed, or -1. */
function findClaimable(entries: readonly QueueEntry[], passed: HeldTasks): number {
  return entries.findIndex((entry) => isClaimable(entry, passed));
}

/** An unreadable entry must not be claimed, and must not block the others: one user could block the queue for all. */
function isClaimable({ task, added }: QueueEntry, passed: HeldTasks): boolean {
  return added !== undefined && !passed.has(task);
}

function chooseFirst({ skip, passed }: ClaimState, { entries }: WaitingQueue): number | undefined {
  const at = findClaimable(entries, passed);
  const task = entries[at]?.task;
  return task === undefined || skip.has(task) ? undefined : at;
}

/** The first task of the owner whose turn it is. */
function chooseByOwner(state: ClaimState, waiting: WaitingQueue): number | undefined {
  const { queue, counts, servedAt } = waiting;
  const heads = headsByOwner(state, waiting).filter(
    ({ owner, task }) => !state.skip.has(task) && holdOfOwner(state, waiting, owner) === undefined,
  );
  let next = heads[0];
  if (queue.userFairness !== true) return next?.at;
  for (const head of heads) {
    if (next === undefined) break;
    const more = jobsOfOwner(counts, head.owner) - jobsOfOwner(counts, next.owner);
    const later = (servedAt.get(head.owner) ?? 0) - (servedAt.get(next.owner) ?? 0);
    if (more < 0 || (more === 0 && later < 0)) next = head;
  }
  return next?.at;
}

interface OwnersHead {
  readonly owner: string;
  readonly task: TaskId;
  readonly at: number;
}

/** The first task of each owner, in queue order. An entry with an owner that is not read yet waits. */
function headsByOwner({ ownerOf, passed }: ClaimState, { entries }: WaitingQueue): OwnersHead[] {
  const heads = new Map<string, OwnersHead>();
  for (const [at, entry] of entries.entries()) {
    if (!isClaimable(entry, passed)) continue;
    const owner = ownerOf(entry.task);
    if (owner !== undefined && !heads.has(owner)) heads.set(owner, { owner, task: entry.task, at });
  }
  return [...heads.values()];
}

function explainHeld(state: ClaimState, waiting: WaitingQueue): HeldTask[] {
  const { queue, entries } = waiting;
  const ofQueue = holdOfQueue(state, waiting);
  const hasOwners = needsOwners(queue, state.limits);
  if (ofQueue === undefined && !hasOwners && state.passed.size === 0) return [];
  const held: HeldTask[] = [];
  const before = new Map<string, number>();
  for (const [at, { task, added }] of entries.slice(0, EXPLAINED_ENTRIES).entries()) {
    const owner = hasOwners ? state.ownerOf(task) : undefined;
    const ofOwner = owner === undefined ? 0 : (before.get(owner) ?? 0);
    if (owner !== undefined) before.set(owner, ofOwner + 1);
    const reason = state.passed.get(task);
    if (added === undefined || state.skip.has(task) || (state.passed.has(task) && reason === undefined)) continue;
    const why = ofQueue ?? reason ?? (owner === undefined ? undefined : holdOfOwner(state, waiting, owner));
    const isOfOwner = owner !== undefined && (ofQueue === undefined || queue.userFairness === true);
    if (why !== undefined) held.push({ task, queue, why, before: isOfOwner ? ofOwner : at, isOfOwner });
  }
  return held;
}

/** The state after the task was claimed, so that it has a job soon. An entry of it in another queue must not be claimed too. */
export function afterClaim(state: ClaimState, { queue, entry }: Head): ClaimState {
  const owner = state.ownerOf(entry.task);
  return {
    ...state,
    counts: addJob(state.counts, { owner, isWaiting: true }),
    lastServed: queue,
    queues: state.queues.map((waiting) => {
      const entries = waiting.entries.filter(({ task }) => task !== entry.task);
      if (waiting.queue !== queue) return { ...waiting, entries };
      return {
        ...waiting,
        entries,
        counts: addJob(waiting.counts, { owner, isWaiting: true }),
        servedAt: owner === undefined ? waiting.servedAt : serve(waiting.servedAt, owner),
      };
    }),
  };
}

/** The state after a claim whose outcome is unknown. */
export function withFailedClaim(state: ClaimState, { queue, entry }: Head): ClaimState {
  return { ...state, lastServed: queue, passed: new Map([...state.passed, [entry.task, undefined]]) };
}

/** The state after another daemon claimed the task. */
export function withoutEntry(state: ClaimState, { queue, entry }: Head): ClaimState {
  return {
    ...state,
    lastServed: queue,
    queues: state.queues.map((waiting) =>
      waiting.queue !== queue
        ? waiting
        : { ...waiting, entries: waiting.entries.filter(({ task }) => task !== entry.task) },
    ),
  };
}

/** Notes that a task of the owner was claimed last. */
function serve(servedAt: ReadonlyMap<string, number>, owner: string): ReadonlyMap<string, number> {
  return new Map([...servedAt].filter(([one]) => one !== owner)).set(owner, Math.max(0, ...servedAt.values()) + 1);
}
