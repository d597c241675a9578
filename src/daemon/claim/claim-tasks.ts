// Claims the heads of the served queues in groups, and starts their submission in the pool.
import type { People, Queue, QueueEntry, QueueList } from '../../clearml/client.ts';
import { ServerUnreachableError } from '../../clearml/errors.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import { parkAndSubmit, chooseHead, claim, findClaimable, type Head } from './claim.ts';
import { createClaimGroup } from './claim-group.ts';
import { isHeld } from '../users-of-jobs.ts';
import { MAX_TRACKED, type Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { findLiveJob, type Snapshot } from '../poll/poll.ts';
import type { Backoff } from '../submit/backoff.ts';
import { MAX_TOGETHER, type SubmissionPool } from '../submit/submission-pool.ts';

/** Claims per reading of the queues. They are then read again, so that a task of higher priority does not wait longer. */
const CLAIMS_PER_READING = 5 * MAX_TOGETHER;

/** How long a claim waits at most so that more tasks can be claimed together with it. */
const GATHER_MS = 1_000;

/**
 * How many entries of each queue are read, as the server loads each of them and a queue may have thousands: the next size if none of
 * them can be claimed, and in the end all.
 */
const READ_SIZES = [CLAIMS_PER_READING, 500, 5_000];

/** This many failed claims in a row mean that ClearML is unreachable; fewer may be caused by the tasks. */
const AWAY_AFTER = 3;

export interface TaskClaimer {
  /** Claims tasks until the queues are empty, the cluster accepts no more jobs, or the time is up. Returns how many were claimed. */
  claimTasks(snapshot: Snapshot, limits: { readonly until: number; readonly signal: AbortSignal }): Promise<number>;
}

export function createTaskClaimer(deps: DaemonDeps, pool: SubmissionPool, backoff: Backoff): TaskClaimer {
  let lastServed: ServedQueue | undefined;

  return {
    async claimTasks(snapshot, { until, signal }) {
      const mayContinue = (): boolean =>
        !signal.aborted &&
        deps.clock.now() < until &&
        deps.clock.now() >= backoff.until() &&
        deps.journal.entries.size < MAX_TRACKED;
      let claimed = 0;
      let unanswered = 0;
      /** Left for a later pass: the outcome of their claim is unknown. */
      const passed = new Set<TaskId>();
      let readSize = 0;

      /** Undefined if another daemon was first, or if the outcome is unknown. */
      async function claimHead(head: Head): Promise<Entry | undefined> {
        const { task } = head.entry;
        try {
          const entry = await claim(deps, head);
          unanswered = 0;
          return entry;
        } catch (error) {
          unanswered += 1;
          if (!(error instanceof ServerUnreachableError) || unanswered >= AWAY_AFTER) throw error;
          deps.log.warn('Claim failed; continuing with the next task of the queue', {
            task,
            queue: head.queue.name,
            err: error,
          });
          passed.add(task);
          return undefined;
        }
      }

      while (mayContinue()) {
        const ids = deps.queues.map(({ id }) => id);
        const read = await deps.clearml.queues.read(ids, READ_SIZES[readSize]);
        warnOfMissing(deps, read);
        const waiting = new Map(read.queues.map(({ id, entries }) => [id, entries]));
        // The next entry of such a queue is not known, and a queue after it must not come first.
        const isUsedUp = (): boolean =>
          read.queues.some(
            ({ id, hasMore }) => hasMore === true && findClaimable(waiting.get(id) ?? [], passed) === -1,
          );
        if (isUsedUp()) {
          readSize += 1;
          continue;
        }
        const skip = findUnclaimable(deps, snapshot, read.queues);
        await passHeld(deps, read.queues, passed);
        const holds = holdsOf(deps);
        const clearml = { ...deps.clearml, people: cachePeople(deps.clearml.people) };

        /** Claims the next tasks, at most this many. False if there is none, or none may be claimed. */
        async function claimGroup(size: number): Promise<boolean> {
          const group = createClaimGroup(deps);
          try {
            for (let tries = 0; tries < size; tries += 1) {
              if (!mayContinue() || !pool.mayClaim()) return tries > 0;
              if (isUsedUp()) return true;
              const after = deps.orderFairness ? lastServed : undefined;
              const head = chooseHead(deps.queues, waiting, { after, skip, passed });
              if (head === undefined) return false;

              const { queue } = head;
              lastServed = queue;
              const entry = await claimHead(head);
              // A head that may still be there keeps the entries behind it from being popped.
              if (!passed.has(head.entry.task)) drop(waiting, head);
              if (entry === undefined) continue;
              deps.log.info('Claimed', { task: entry.task, queue: queue.name });
              skip.add(entry.task);
              group.add(entry.task);
              pool.start(entry, () => parkAndSubmit({ ...deps, clearml }, entry, { queue, isParked: false, group }));
              claimed += 1;
            }
            return true;
          } finally {
            group.close();
          }
        }

        for (let left = CLAIMS_PER_READING; left > 0 && !isUsedUp() && holdsOf(deps) === holds;) {
          if (backoff.isFailing()) await pool.waitUntilIdle(until, signal);
          const size = backoff.isFailing() ? 1 : Math.min(MAX_TOGETHER, left, Math.max(1, countEntries(waiting)));
          await pool.waitToClaim(1, until, signal);
          await pool.waitToClaim(size, Math.min(until, deps.clock.now() + GATHER_MS), signal);
          if (!(await claimGroup(size))) return claimed;
          left -= size;
        }
      }
      return claimed;
    },
  };
}

function countEntries(waiting: ReadonlyMap<QueueId, readonly QueueEntry[]>): number {
  return [...waiting.values()].reduce((sum, { length }) => sum + length, 0);
}

function holdsOf({ unixUsers }: DaemonDeps): string {
  return [...(unixUsers?.heldUntil ?? [])].join();
}

/** Passes the tasks of users for whom sudo refuses submissions: they must not block the tasks behind them. */
async function passHeld(
  { clearml, clock, unixUsers }: DaemonDeps,
  queues: readonly Queue[],
  passed: Set<TaskId>,
): Promise<void> {
  if (unixUsers === undefined || [...unixUsers.heldUntil.values()].every((until) => until <= clock.now())) return;
  const waiting = queues.flatMap(({ entries }) => entries.map(({ task }) => task));
  const { tasks } = await clearml.tasks.read(waiting);
  for (const [id, { user }] of tasks) if (isHeld(unixUsers, user, clock.now())) passed.add(id);
}

function drop(waiting: Map<QueueId, readonly QueueEntry[]>, { queue, entry }: Head): void {
  const entries = waiting.get(queue.id) ?? [];
  waiting.set(
    queue.id,
    entries.filter(({ task }) => task !== entry.task),
  );
}

/** Queued tasks that cannot be claimed yet: they are still tracked, or an old job of theirs may still run. */
function findUnclaimable({ journal }: DaemonDeps, snapshot: Snapshot, queues: readonly Queue[]): Set<TaskId> {
  const waiting = queues.flatMap(({ entries }) => entries.map(({ task }) => task));
  return new Set(waiting.filter((task) => journal.entries.has(task) || findLiveJob(snapshot, task) !== undefined));
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

/**
 * Caches the users and projects of tasks, most of which share them. Drop the cache with the reading of the queues, so that a renamed
 * project is read again. A failure is not cached.
 */
export function cachePeople(people: People): People {
  return { ...people, user: cached((id) => people.user(id)), project: cached((id) => people.project(id)) };
}

function cached(read: People['user']): People['user'] {
  const responses = new Map<string, ReturnType<People['user']>>();
  return (id) => {
    const response = responses.get(id) ?? read(id);
    responses.set(id, response);
    response.catch(() => responses.delete(id));
    return response;
  };
}
