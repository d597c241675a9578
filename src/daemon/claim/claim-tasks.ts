// Claims the heads of the served queues in batches, and starts their submission in the pool.
import { pastTime } from '../../base/past-time.ts';
import { ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { claimOneTask } from './claim-one-task.ts';
import { submitClaimedTask } from '../submit/submit-claimed-task.ts';
import { createClaimedBatch, type ClaimedBatch } from './read-claimed-batch.ts';
import { createWaitingTasksReader } from './read-waiting-tasks.ts';
import { createHoldMessages } from './show-holds.ts';
import {
  afterClaim,
  heldTasks,
  planClaims,
  withFailedClaim,
  withoutEntry,
  type ClaimState,
  type Head,
} from './plan-claims.ts';
import { readHolds } from './report-limit-use.ts';
import { MAX_TRACKED, type Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import type { Pause } from '../pause/pauses-file.ts';
import { cachePeople } from '../users/cached-users-and-projects.ts';
import type { Snapshot } from '../poll/poll.ts';
import type { Backoff } from '../submit/submission-backoff.ts';
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

/** One call of `claimTasks`. */
interface Run {
  readonly since: number;
  readonly until: number;
  readonly signal: AbortSignal;
  /** Left for a later pass: the outcome of their claim is unknown. */
  readonly failed: Set<TaskId>;
  claimed: number;
  unanswered: number;
  /** Jobs were listed again, and no task was claimed since: with slow readings, nothing else would ever happen. */
  hasListed: boolean;
  /** The index in `READ_SIZES`. */
  readSize: number;
}

/** The queues as they were read, and as they are after each claim. */
interface Reading {
  state: ClaimState;
  readonly holdChanges: number;
  readonly clearml: DaemonDeps['clearml'];
}

export function createTaskClaimer(deps: DaemonDeps, pool: SubmissionPool, backoff: Backoff): TaskClaimer {
  const reader = createWaitingTasksReader(deps, backoff);
  const messages = createHoldMessages(deps);
  let lastServed: ServedQueue | undefined;

  function mayContinue({ since, until, signal }: Run): boolean {
    const now = deps.clock.now();
    const hasTime = pastTime(since, now) !== undefined && now < until;
    return !signal.aborted && hasTime && now >= backoff.until(now) && deps.journal.entries.size < MAX_TRACKED;
  }

  function countHoldChanges(): number {
    return (deps.unixUsers?.holds.changes() ?? 0) + (backoff.holds?.changes() ?? 0) + backoff.failures.changes();
  }

  function areHoldsUnchanged({ holdChanges }: Reading): boolean {
    return countHoldChanges() === holdChanges;
  }

  async function readQueues({ readSize, failed, signal }: Run, pauses: readonly Pause[]): Promise<Reading> {
    // What changes during the reading may be missing in it.
    const holdChanges = countHoldChanges();
    return {
      state: await reader.read({ most: READ_SIZES[readSize], lastServed, failed, pauses, signal }),
      holdChanges,
      clearml: { ...deps.clearml, people: cachePeople(deps.clearml.people) },
    };
  }

  /** Undefined if another daemon was first, or if the outcome is unknown. */
  async function claimHead(run: Run, head: Head): Promise<Entry | undefined> {
    const { task } = head.entry;
    try {
      const entry = await claimOneTask(deps, head);
      run.unanswered = 0;
      return entry;
    } catch (error) {
      run.unanswered += 1;
      if (!(error instanceof ServerUnreachableError) || run.unanswered >= AWAY_AFTER) throw error;
      deps.log.warn('Claim failed; continuing with the next task of the queue', {
        task,
        queue: head.queue.name,
        err: error,
      });
      run.failed.add(task);
      return undefined;
    }
  }

  /** Claims the task and starts its submission. False if it was not claimed. */
  async function claimAndStart(run: Run, reading: Reading, head: Head, batch: ClaimedBatch): Promise<boolean> {
    const { queue } = head;
    lastServed = queue;
    const entry = await claimHead(run, head);
    reader.tried(head, entry !== undefined);
    // A head that may still be there keeps the entries behind it from being popped.
    if (run.failed.has(head.entry.task)) reading.state = withFailedClaim(reading.state, head);
    else reading.state = entry === undefined ? withoutEntry(reading.state, head) : afterClaim(reading.state, head);
    if (entry === undefined) return false;
    reader.served(reading.state);
    deps.log.info('Claimed', { task: entry.task, queue: queue.name });
    batch.add(entry.task);
    const { clearml } = reading;
    const isStarted = pool.start(
      entry,
      () => submitClaimedTask({ ...deps, clearml }, entry, { queue, isParked: false, batch }),
      reader.submitterOf(queue, entry.task),
    );
    // A later pass submits it; the others must not wait for it.
    if (!isStarted) batch.leave(entry.task);
    run.claimed += 1;
    return true;
  }

  /** Claims the next tasks, at most this many. False if none may be claimed. */
  async function claimTogether(run: Run, reading: Reading, size: number): Promise<boolean> {
    const batch = createClaimedBatch(deps);
    try {
      for (let tries = 0; tries < size; tries += 1) {
        if (!mayContinue(run) || !pool.mayClaim()) return tries > 0;
        const [head] = planClaims(reading.state, 1).claims;
        if (head === undefined) return true;
        const isClaimed = await claimAndStart(run, reading, head, batch);
        // Of a user or queue whose last submission was refused, one task is tried.
        if (isClaimed && !areHoldsUnchanged(reading)) return true;
      }
      return true;
    } finally {
      batch.close();
      if (reader.mustReadOften()) await batch.whenParked();
    }
  }

  /** Claims tasks until the queues must be read again. False if there is no task, or none may be claimed. */
  async function claimFrom(run: Run, reading: Reading): Promise<boolean> {
    const { until, signal } = run;
    const perReading = reader.mustReadOften() ? MAX_TOGETHER : CLAIMS_PER_READING;
    for (let left = perReading; left > 0 && areHoldsUnchanged(reading);) {
      if (backoff.room() < MAX_TOGETHER) await pool.waitUntilIdle(until, signal);
      if (!mayContinue(run)) return false;
      const { claims, needsMore } = planClaims(reading.state, Math.min(MAX_TOGETHER, left));
      if (claims.length === 0) return needsMore;
      const together = reader.togetherOf(reading.state, claims).length;
      if (together === 0 && !run.hasListed && reader.mustListAgain()) {
        run.hasListed = true;
        return reader.listAgain(signal);
      }
      const size = Math.min(Math.max(1, together), backoff.room());
      await pool.waitToClaim(1, until, signal);
      await pool.waitToClaim(size, Math.min(until, deps.clock.now() + GATHER_MS), signal);
      if (!(await claimTogether(run, reading, size))) return false;
      run.hasListed = false;
      left -= size;
      const mustReadSize = claims.some(({ queue }) => reader.mustReadSize(queue));
      if (mustReadSize) await pool.waitUntilIdle(until, signal);
      if (mustReadSize || together < claims.length) break;
    }
    return true;
  }

  async function showHeld({ until, signal }: Run, state: ClaimState): Promise<void> {
    const waiting = new Set(state.queues.flatMap(({ entries }) => entries.map(({ task }) => task)));
    const hasTime = (): boolean => !signal.aborted && deps.clock.now() < until;
    await messages.show(heldTasks(state), (task) => waiting.has(task), hasTime);
  }

  return {
    async claimTasks(snapshot, { until, signal }) {
      const since = deps.clock.now();
      const counts = { claimed: 0, unanswered: 0, hasListed: false, readSize: 0 };
      const run: Run = { since, until, signal, failed: new Set(), ...counts };
      let reading: Reading | undefined;
      reader.begin(snapshot);
      while (mayContinue(run)) {
        const pauses = await readPauses(deps);
        if (pauses === undefined) {
          deps.monitor?.holds(undefined);
          return run.claimed;
        }
        reading = await readQueues(run, pauses);
        const before = run.claimed;
        if (!(await claimFrom(run, reading))) break;
        const isStuck = run.claimed === before && planClaims(reading.state, 1).needsMore;
        if (isStuck) run.readSize += 1;
      }
      if (reading === undefined) return run.claimed;
      const { state } = reading;
      deps.monitor?.holds(readHolds(state, (queue) => entriesIn(snapshot, queue)));
      if (!signal.aborted) await showHeld(run, state);
      return run.claimed;
    },
  };
}

function entriesIn({ queues }: Snapshot, name: string): number {
  return queues.find((queue) => queue.name === name)?.entries.length ?? 0;
}

/** Undefined if they cannot be read: then nothing may be claimed. */
async function readPauses({ pauses, log }: DaemonDeps): Promise<readonly Pause[] | undefined> {
  try {
    return pauses === undefined ? [] : await pauses();
  } catch (error) {
    log.error('Cannot read the pause file; claiming no tasks until it is readable', { err: error });
    return undefined;
  }
}
