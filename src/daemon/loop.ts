// The daemon: looks, takes in strays, resumes, follows, takes tasks, and waits until there is something to do again.
import { sleepUnlessStopped } from '../base/sleep-unless-stopped.ts';
import { InvalidResponseError, CredentialsRejectedError, ServerUnreachableError } from '../clearml/errors.ts';
import { rateLimitedLog } from './rate-limited-log.ts';
import { reconcile } from './reconcile/reconcile.ts';
import type { DaemonDeps } from './deps.ts';
import { sweepJobConfs } from './submit/job-conf.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import type { Lock } from './journal/lock.ts';
import { hasSchedulerQueue, isSchedulerQueueDeleted, poll, type Snapshot } from './poll/poll.ts';
import { createBackoff } from './submit/backoff.ts';
import { fingerprint, isAwaitingChange, nextPollDelayMs, SOON_MS } from './poll/poll-interval.ts';
import { resume } from './submit/resume.ts';
import { createAdopter } from './recover/adopt.ts';
import { createTaskClaimer } from './claim/claim-tasks.ts';
import { createSubmissionPool } from './submit/submission-pool.ts';

export interface Intervals {
  /** Between two looks at Slurm while something happens; up to four times as long while nothing does. */
  readonly pollMs: number;
  /** Between two looks at the ClearML queues. */
  readonly queueMs: number;
}

export interface DaemonOptions {
  readonly intervals: Intervals;
  /** One round of everything, then the end. */
  readonly once: boolean;
  /** Aborted when the daemon is to stop: it takes nothing more, leaves the jobs alone and returns within seconds. */
  readonly stop: AbortSignal;
  /** Aborted when nothing new is to be taken any more: the daemon goes on until the last job has ended. */
  readonly drain?: AbortSignal;
  readonly lock: Lock;
  /** 0 to 1; keeps daemons from acting in step. */
  readonly random?: () => number;
}

/** How a run ended: `unfinished` is only for `once`, when something has to be looked at again later. */
export type DaemonEnd = 'done' | 'unfinished';

const SWEEP_EVERY_MS = 3_600_000;
const A_DAY_MS = 24 * 3_600_000;

/**
 * Runs until stopped, or once. Whatever goes wrong with one task, and a server or cluster that is away, makes it wait, not end.
 * @throws AlreadyRunningError when another daemon has taken the state folder; in a single round also what went wrong in it
 */
export async function runDaemon(given: DaemonDeps, options: DaemonOptions): Promise<DaemonEnd> {
  const deps = { ...given, log: rateLimitedLog(given.log, given.clock) };
  const { stop, lock, once } = options;
  return runUntilStopped(deps, { stop, lock, abandoned: once ? 'unfinished' : 'done' }, (signal) =>
    serve(deps, { ...options, stop: signal }),
  );
}

async function serve(
  deps: DaemonDeps,
  { intervals: intervals, once, stop, drain, random = Math.random }: DaemonOptions,
): Promise<DaemonEnd> {
  const { clock, log } = deps;
  const backoff = createBackoff(random);
  const pool = createSubmissionPool(deps, backoff);
  const tasks = createTaskClaimer(deps, pool, backoff);
  const adopter = createAdopter(deps);
  const enough = drain === undefined ? stop : AbortSignal.any([stop, drain]);
  const due = { look: 0, queues: 0, adopter: 0, sweep: 0 };
  /** The last look, once everything that was begun before has been looked at: nothing new is taken until then. */
  let snapshot: Snapshot | undefined;
  /** What the last whole look showed, and how many in a row brought no news. */
  let last: number | undefined;
  let quietPolls = 0;
  let isTroubled = false;

  /** Follows what is known, before anything new is taken. */
  async function lookAround(): Promise<void> {
    const now = clock.now();
    due.look = now + intervals.pollMs;
    snapshot = undefined;
    const seen = await poll(deps, stop);
    if (seen === undefined) return;
    await deps.peers.refresh(deps.clearml.workers, now);
    const everywhere = now >= due.adopter;
    const areAllIn = await adopter.adopt(seen, { everywhere, signal: stop });
    if (everywhere && areAllIn) due.adopter = now + deps.adoptAfterMs;
    const isSettled = await resume(deps, pool, seen, stop);
    const hasCancelled = await reconcile(deps, pool, seen, stop);
    if (hasSchedulerQueue(deps, seen)) snapshot = seen;
    else if (isSchedulerQueueDeleted(deps, seen))
      log.error('The scheduler queue was deleted; restart the daemon to create it again');
    const shown = fingerprint(seen);
    quietPolls = shown === last ? quietPolls + 1 : 0;
    last = shown;
    const isChangeExpected = hasCancelled || !isSettled;
    due.look = (isChangeExpected ? clock.now() : now) + pauseAfter(seen, { isChangeExpected });
  }

  function pauseAfter({ slurmMs }: Snapshot, { isChangeExpected }: { readonly isChangeExpected: boolean }): number {
    const entries = [...deps.journal.entries.values()];
    const { minJobAgeMs } = deps.cluster;
    return nextPollDelayMs(
      { baseMs: intervals.pollMs, minJobAgeMs },
      {
        tracked: entries.length,
        isChangeExpected: isChangeExpected,
        quietPolls: entries.some(isAwaitingChange) ? 0 : quietPolls,
        slurmMs,
      },
    );
  }

  /** However long a look took: without a pause nothing would be taken, and both servers asked over and over. */
  function rest(): void {
    due.look = Math.max(due.look, clock.now() + Math.min(intervals.pollMs, SOON_MS));
  }

  async function takeTasks(): Promise<void> {
    due.queues = clock.now() + intervals.queueMs;
    if (snapshot === undefined || enough.aborted) return;
    // However long the queue, what was submitted before is looked at in between.
    const until = clock.now() + (once ? A_DAY_MS : Math.min(intervals.pollMs, Math.max(0, due.look - clock.now())));
    const claimed = await tasks.claimTasks(snapshot, { until, signal: enough });
    // Cut short by a look that is due, it goes on right after that: what waits there is not to wait for an interval more.
    if (clock.now() >= until) due.queues = Math.min(due.queues, clock.now());
    if (claimed > 0) due.look = Math.min(due.look, clock.now() + pauseAfter(snapshot, { isChangeExpected: true }));
  }

  async function sweep(): Promise<void> {
    due.sweep = clock.now() + SWEEP_EVERY_MS;
    await sweepJobConfs(deps);
  }

  async function round(): Promise<void> {
    try {
      if (clock.now() >= due.look) await lookAround().finally(rest);
      if (clock.now() >= due.queues) await takeTasks();
      if (clock.now() >= due.sweep) await sweep();
      if (isTroubled) log.info('Recovered');
      isTroubled = false;
    } catch (error) {
      if (stop.aborted) return;
      if (once) throw error;
      complain(error);
      due.queues = Math.max(due.queues, due.look);
    }
  }

  while (!stop.aborted) {
    await round();
    if (once || isDrained()) break;
    const wakeAt = Math.min(due.look, due.queues, due.sweep);
    await sleepUnlessStopped(clock, Math.max(0, wakeAt - clock.now()), stop);
  }
  await pool.finish();
  return once && !isFinished() ? 'unfinished' : 'done';

  function complain(error: unknown): void {
    isTroubled = true;
    if (error instanceof InvalidResponseError) {
      log.warn("ClearML's answer can't be used; jobs go on, and so does the daemon once it can", { err: error });
    } else if (error instanceof ServerUnreachableError || error instanceof CredentialsRejectedError) {
      log.warn('ClearML can not be asked; jobs go on, and so does the daemon once it can', { err: error });
    } else {
      log.error('A round could not be finished; the next one tries again', { err: error });
    }
  }

  function isDrained(): boolean {
    return drain?.aborted === true && snapshot !== undefined && deps.journal.entries.size === 0;
  }

  /** In a single round: whether everything was looked at, and nothing is left in the middle of a step. */
  function isFinished(): boolean {
    return snapshot !== undefined && [...deps.journal.entries.values()].every(({ step }) => step === 'following');
  }
}
