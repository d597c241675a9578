// Claims the heads of the served queues in groups, and starts their submission in the pool.
import { ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { claimOneTask } from './claim-one-task.ts';
import { parkAndSubmit } from './park-and-submit.ts';
import { createClaimedBatch } from './read-claimed-batch.ts';
import { createWaitingTasksReader } from './read-waiting-tasks.ts';
import { createHoldMessages } from './hold-messages.ts';
import { afterClaim, planClaims, withoutEntry, type ClaimState, type Head } from './plan-claims.ts';
import { readHolds } from './read-holds.ts';
import { MAX_TRACKED, type Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import type { Pause } from '../pauses.ts';
import { cachePeople } from '../users-and-projects.ts';
import type { Snapshot } from '../poll/poll.ts';
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
  const reader = createWaitingTasksReader(deps);
  const messages = createHoldMessages(deps);
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
      let state: ClaimState | undefined;

      /** Undefined if another daemon was first, or if the outcome is unknown. */
      async function claimHead(head: Head): Promise<Entry | undefined> {
        const { task } = head.entry;
        try {
          const entry = await claimOneTask(deps, head);
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

      async function claimAll(): Promise<void> {
        while (mayContinue()) {
          const pauses = await readPauses(deps);
          if (pauses === undefined) {
            deps.monitor?.holds(undefined);
            return;
          }
          let current = (state = await reader.read({ most: READ_SIZES[readSize], lastServed, passed, pauses, signal }));
          const before = claimed;
          const holdChanges = deps.unixUsers?.holds.changes();
          const clearml = { ...deps.clearml, people: cachePeople(deps.clearml.people) };

          /** Claims the next tasks, at most this many. False if none may be claimed. */
          const claimGroup = async (size: number): Promise<boolean> => {
            const group = createClaimedBatch(deps);
            try {
              for (let tries = 0; tries < size; tries += 1) {
                if (!mayContinue() || !pool.mayClaim()) return tries > 0;
                const [head] = planClaims(current, 1).claims;
                if (head === undefined) return true;

                const { queue } = head;
                lastServed = queue;
                const entry = await claimHead(head);
                reader.tried(head);
                // A head that may still be there keeps the entries behind it from being popped.
                if (passed.has(head.entry.task)) current = { ...current, lastServed };
                else current = entry === undefined ? withoutEntry(current, head) : afterClaim(current, head);
                state = current;
                if (entry === undefined) continue;
                reader.served(current);
                deps.log.info('Claimed', { task: entry.task, queue: queue.name });
                group.add(entry.task);
                const isStarted = pool.start(entry, () =>
                  parkAndSubmit({ ...deps, clearml }, entry, { queue, isParked: false, group }),
                );
                // A later pass submits it; the others must not wait for it.
                if (!isStarted) group.leave(entry.task);
                claimed += 1;
                // Of a user for whom sudo refused the last submission, one task is tried.
                if (deps.unixUsers?.holds.changes() !== holdChanges) return true;
              }
              return true;
            } finally {
              group.close();
            }
          };

          const perReading = reader.mustReadOften() ? MAX_TOGETHER : CLAIMS_PER_READING;
          for (let left = perReading; left > 0 && deps.unixUsers?.holds.changes() === holdChanges;) {
            if (backoff.isFailing()) await pool.waitUntilIdle(until, signal);
            const { claims, needsMore } = planClaims(current, Math.min(MAX_TOGETHER, left));
            if (claims.length === 0 && !needsMore) return;
            if (claims.length === 0) break;
            const size = backoff.isFailing() ? 1 : claims.length;
            await pool.waitToClaim(1, until, signal);
            await pool.waitToClaim(size, Math.min(until, deps.clock.now() + GATHER_MS), signal);
            if (!(await claimGroup(size))) return;
            left -= size;
            if (!claims.some(({ queue }) => reader.mustReadSize(queue))) continue;
            await pool.waitUntilIdle(until, signal);
            break;
          }
          const isStuck = claimed === before && planClaims(current, 1).needsMore;
          if (isStuck) readSize += 1;
        }
      }

      reader.begin(snapshot);
      await claimAll();
      if (state !== undefined) deps.monitor?.holds(readHolds(state, (queue) => entriesIn(snapshot, queue)));
      if (state !== undefined && !signal.aborted)
        await showHeld(state, () => !signal.aborted && deps.clock.now() < until);
      return claimed;
    },
  };

  async function showHeld(state: ClaimState, mayContinue: () => boolean): Promise<void> {
    const waiting = new Set(state.queues.flatMap(({ entries }) => entries.map(({ task }) => task)));
    await messages.show(planClaims(state, 0).held, (task) => waiting.has(task), mayContinue);
  }
}

function entriesIn({ queues }: Snapshot, name: string): number {
  return queues.find((queue) => queue.name === name)?.entries.length ?? 0;
}

/** Undefined if they cannot be read: then nothing may be claimed. */
async function readPauses({ pauses, log }: DaemonDeps): Promise<readonly Pause[] | undefined> {
  try {
    return pauses === undefined ? [] : await pauses();
  } catch (error) {
    log.error('Cannot read the pauses; claiming no tasks until they are readable', { err: error });
    return undefined;
  }
}
