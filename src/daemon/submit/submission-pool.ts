// The submission pool: a few tasks at a time are parked and submitted while the reconcile loop continues.
import { sleepUnlessStopped, waitAtMost } from '../../base/clock.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import { failAsHopeless } from '../end/end-task.ts';
import { HANGS_MS } from '../users/sudo-holds.ts';
import { submitterOf, type Submitter } from './failed-submission-holds.ts';
import { refusedOf } from './slurm-refusal-holds.ts';
import type { Backoff } from './submission-backoff.ts';

/** The cluster accepts no more jobs now: the parked task returns to the front of its queue. */
export interface Backpressure {
  readonly returning: Entry;
  /** The task stays parked instead: a later pass submits it. */
  readonly isKept?: boolean;
  readonly why: string;
  /** Only for jobs of this task's Unix user: other tasks are submitted. */
  readonly isOfUser?: boolean;
  /** A limit is reached, which holds until a job ends. */
  readonly isFull?: boolean;
  /** Other queues, and other Unix users in this queue, need not share the limit. */
  readonly isOfQueue?: boolean;
  /** sbatch failed, and the cause may be this task: then it concerns no other. */
  readonly isFailure?: boolean;
}

/** `unknown` is a failure whose cause may be the task; `none` means that no job was submitted for another reason. */
export type SubmitResult = 'accepted' | 'unknown' | 'none' | Backpressure;

export interface SubmissionPool {
  /** Whether another task may be claimed: its submission starts at once then. */
  mayClaim(): boolean;
  /**
   * Whether a parked task may be submitted again: not during the backoff or a hold, and after it one task first, to see whether the cluster
   * accepts jobs again.
   */
  mayResubmit(entry: Entry): boolean;
  /**
   * Starts a submission, or returns false if there is no free slot. No other code touches the task until the submission ends; an
   * error is logged, and a later pass finishes its step.
   * @param submitter whose submission it will be, if the entry does not name that user yet
   */
  start(entry: Entry, submission: () => Promise<SubmitResult>, submitter?: Submitter): boolean;
  /** Whether Slurm has accepted a job since then (milliseconds since 1970). */
  hasAcceptedSince(time: number): boolean;
  /** Resolves when this many tasks may be claimed, at the latest at `until` (milliseconds since 1970) or when the signal aborts. */
  waitToClaim(count: number, until: number, signal: AbortSignal): Promise<void>;
  /** Resolves when no submission has a slot, at the latest at `until` or when the signal aborts. */
  waitUntilIdle(until: number, signal: AbortSignal): Promise<void>;
  /** Resolves when all submissions have ended, and their console lines were sent. */
  finish(): Promise<void>;
}

/**
 * Tasks that are claimed together share calls to ClearML: they are read in one, and so are their console lines written. More would
 * delay the first of them noticeably.
 */
export const MAX_TOGETHER = 10;

/** Calls to ClearML from the queue to the accepted job, if few tasks share them. */
const CALLS_PER_TASK = 4;

/** While one group waits for sbatch, which takes about as long as a submission's requests to ClearML, the next is claimed. */
const MAX_CONCURRENT = 2 * MAX_TOGETHER;

export function createSubmissionPool(deps: DaemonDeps, backoff: Backoff): SubmissionPool {
  const { clock, rateLimit, serverRateLimit } = deps;
  /** In start order: each submission, and when its slot is free, which a stuck one does not keep. */
  const running = new Map<Promise<void>, Promise<void>>();
  const inSlots = new Set<Promise<void>>();

  async function run(
    entry: Entry,
    attempt: Promise<SubmitResult>,
    waitForLater: () => Promise<unknown>,
  ): Promise<void> {
    try {
      const result = await attempt;
      if (typeof result === 'string' || result.isKept === true) return;
      // Each task returns to the very front of its queue, so the order is kept only if the oldest returns last.
      await waitForLater();
      const { returning, why } = result;
      if (result.isFailure === true && backoff.failures.isHopeless(returning.task))
        await failAsHopeless(deps, returning, why);
      else await returnToQueue(deps, returning, { isParked: true, why });
    } catch (error) {
      deps.log.warn('Submission interrupted; continuing in the next pass', {
        task: entry.task,
        queue: entry.queueName,
        err: error,
      });
    } finally {
      deps.busy.delete(entry.task);
    }
  }

  /** Whatever its result is, the submission no longer holds others. */
  async function noteEnd(
    entry: Entry,
    submission: () => Promise<SubmitResult>,
    endProbe: (now: number) => void,
  ): Promise<SubmitResult> {
    try {
      const result = await submission();
      note(entry, result);
      return result;
    } finally {
      endProbe(clock.now());
    }
  }

  /** Undefined if the entry does not name the user yet. */
  function knownSubmitter(entry: Entry): Submitter | undefined {
    const user = deps.unixUsers === undefined ? entry.origin : entry.unixUser;
    return user && submitterOf(deps, entry);
  }

  /** One submission shows whether Slurm accepts jobs of its queue and submitter again. */
  function startProbe(entry: Entry, submitter: Submitter | undefined): (now: number) => void {
    const now = clock.now();
    const refused = deps.unixUsers === undefined ? refusedOf(entry) : submitter;
    const ends = [
      refused && backoff.holds?.startProbe(refused, now),
      submitter && backoff.failures.startProbe(submitter, now),
    ];
    return (endedAt) => {
      for (const end of ends) end?.(endedAt);
    };
  }

  function note(entry: Entry, result: SubmitResult): void {
    const now = clock.now();
    // Its entry names its owner and its Unix user since it was submitted.
    const submitted = deps.journal.entries.get(entry.task) ?? entry;
    if (result === 'accepted') {
      backoff.succeeded(now);
      backoff.holds?.accepted(refusedOf(submitted), now);
      backoff.failures.accepted(entry.task, submitterOf(deps, submitted), now);
    } else if (result === 'unknown') noteFailure(submitted, now);
    else if (result !== 'none' && result.isOfUser !== true) {
      const { returning, why, isFull = false, isOfQueue = false, isFailure = false, isKept = false } = result;
      if (isFailure) {
        noteFailure(returning, now);
        if (!isKept) backoff.failures.returned(returning.task, now);
      } else if (isOfQueue && backoff.holds !== undefined) backoff.holds.refused(refusedOf(returning), why, now);
      // A mapped user can change what sbatch prints as that user (ptrace(2)).
      else if (returning.unixUser !== undefined) noteFailure(returning, now);
      else backoff.failed(now, { isFull });
    }
  }

  /** Unless the submissions of others fail too, Slurm is not the cause. */
  function noteFailure(entry: Entry, now: number): void {
    const submitters = backoff.failures.failed(submitterOf(deps, entry), now);
    if (submitters > 1) backoff.failed(now, { submitters });
  }

  /** Resolves when the submission ends or, if it runs as a mapped user, hangs: that user may have stopped its sbatch. */
  async function untilSlotIsFree(
    task: TaskId,
    attempt: Promise<SubmitResult>,
    submission: Promise<void>,
  ): Promise<void> {
    if (deps.unixUsers === undefined) return submission;
    const ended = (): boolean => true;
    const hasEnded = attempt.then(ended, ended);
    for (let checkAt: number | undefined = clock.now() + HANGS_MS; checkAt !== undefined;) {
      if ((await waitAtMost(clock, checkAt - clock.now(), hasEnded)) === true) return submission;
      const now = clock.now();
      const entry = deps.journal.entries.get(task);
      if (entry?.step === 'submitting') {
        // The entry names its Unix user since this step.
        if (entry.unixUser === undefined) return submission;
        checkAt = deps.unixUsers.holds.checkRunning(entry.unixUser.name, entry.stepAt, now);
      } else {
        // ClearML is slow: sbatch has not started yet, or has ended.
        checkAt = now + HANGS_MS;
      }
    }
    return undefined;
  }

  function hasFreeSlots(count: number): boolean {
    return inSlots.size + count <= MAX_CONCURRENT;
  }

  /** Both limits. A claimed task never waits for ClearML's. */
  function claimWaitMs(count: number): number {
    const now = clock.now();
    return Math.max(rateLimit.waitMs(now, count), serverRateLimit?.waitMs(now, count * CALLS_PER_TASK) ?? 0);
  }

  function mayClaim(count: number): boolean {
    return hasFreeSlots(count) && claimWaitMs(count) === 0;
  }

  /** Resolves when a submission ends, at the latest at `until`. */
  function waitForNextEnd(until: number, signal: AbortSignal): Promise<void> {
    return waitAtMost(clock, until - clock.now(), Promise.race(inSlots), signal);
  }

  return {
    mayClaim: () => mayClaim(1),
    mayResubmit(entry) {
      const now = clock.now();
      if (backoff.holds?.isHeld(refusedOf(entry), now) === true) return false;
      if (backoff.failures.isHeld(submitterOf(deps, entry), now)) return false;
      return now >= backoff.until(now) && (!backoff.isFailing() || inSlots.size === 0);
    },
    hasAcceptedSince: (time) => backoff.failures.lastAccepted() > time,
    start(entry, submission, submitter = knownSubmitter(entry)) {
      if (!hasFreeSlots(1) || rateLimit.waitMs(clock.now()) > 0) return false;
      rateLimit.spend(clock.now());
      deps.busy.add(entry.task);
      const attempt = noteEnd(entry, submission, startProbe(entry, submitter));
      const waitForLater = (): Promise<unknown> => {
        const all = [...running];
        const later = all.slice(all.findIndex(([one]) => one === started) + 1);
        return Promise.all(later.map(([, freed]) => freed));
      };
      const started = run(entry, attempt, waitForLater).finally(() => running.delete(started));
      const freed = untilSlotIsFree(entry.task, attempt, started).finally(() => inSlots.delete(freed));
      running.set(started, freed);
      inSlots.add(freed);
      return true;
    },
    async waitToClaim(count, until, signal) {
      while (!mayClaim(count) && !signal.aborted && clock.now() < until) {
        if (hasFreeSlots(count))
          await sleepUnlessStopped(clock, Math.min(until - clock.now(), claimWaitMs(count)), signal);
        else await waitForNextEnd(until, signal);
      }
    },
    async waitUntilIdle(until, signal) {
      while (inSlots.size > 0 && !signal.aborted && clock.now() < until) await waitForNextEnd(until, signal);
    },
    async finish() {
      await Promise.all(running.keys());
      await deps.clearml.events.flush();
    },
  };
}
