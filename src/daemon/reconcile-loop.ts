// The daemon's loop: run a pass, claim tasks, sleep until the next is due.
import { abortWith } from '../base/abort-with.ts';
import { sleepUnlessStopped } from '../base/clock.ts';
import { isLive } from '../slurm/job-state.ts';
import type { JobId } from '../slurm/scheduler.ts';
import { createTaskClaimer } from './claim/claim-tasks.ts';
import type { DaemonDeps } from './deps.ts';
import type { Lock } from './journal/lock.ts';
import { createFiguresReader } from './end/add-accounting-figures.ts';
import { createPass, logPassFailure } from './pass.ts';
import { hasSchedulerQueue, isSchedulerQueueDeleted, type Snapshot } from './poll/poll.ts';
import { fingerprint, isAwaitingChange, nextPollDelayMs, SOON_MS } from './poll/poll-interval.ts';
import { createBesidePasses } from './reconcile/reconcile.ts';
import { rateLimitedLog } from '../log/rate-limited-log.ts';
import { HEARTBEAT_EVERY_MS, runUntilStopped } from './run-until-stopped.ts';
import { createRefusalHolds } from './submit/slurm-refusal-holds.ts';
import { createBackoff } from './submit/submission-backoff.ts';
import { sweepJobConfs } from './submit/write-job-confs.ts';
import { createSubmissionPool } from './submit/submission-pool.ts';

export interface Intervals {
  /** Between two polls while something changes; up to four times as long while nothing does. */
  readonly pollMs: number;
  /** Between two reads of the ClearML queues. */
  readonly queueMs: number;
}

export interface DaemonOptions {
  readonly intervals: Intervals;
  /** Run one pass, claim tasks once, then return. */
  readonly once: boolean;
  /** Aborted to stop the daemon: it claims no more tasks, leaves the jobs running and returns within seconds. */
  readonly stop: AbortSignal;
  /** Aborted to drain the daemon: it claims no more tasks and returns when the last job has ended. */
  readonly drain?: AbortSignal;
  readonly lock: Lock;
  /** 0 to 1; jitter that keeps daemons from acting in step. */
  readonly random?: () => number;
}

/** How a run ended. `unfinished` occurs only with `once`, if a task needs another pass. */
export type DaemonEnd = 'done' | 'unfinished';

const SWEEP_EVERY_MS = 3_600_000;
const A_DAY_MS = 24 * 3_600_000;

/**
 * Runs until stopped, or once. A failure of one task, of the server or of the cluster delays work; it does not end the run.
 * @throws AlreadyRunningError, StateDirectoryLostError if the state directory is lost; with `once`, also whatever the pass throws
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
  { intervals, once, stop, drain, random = Math.random }: DaemonOptions,
): Promise<DaemonEnd> {
  const { clock, log } = deps;
  const isForAll = deps.queues.length === 1 && deps.unixUsers === undefined;
  const queues = deps.queues.map(({ id }) => id);
  const holds = isForAll ? undefined : createRefusalHolds(random, { queues, hasPriorities: !deps.orderFairness });
  const backoff = createBackoff(random, { isForAll, holds, hasSeveralQueues: queues.length > 1 });
  const pool = createSubmissionPool(deps, backoff);
  const claimer = createTaskClaimer(deps, pool, backoff);
  const beside = createBesidePasses(deps);
  const runPass = createPass(deps, pool, { beside });
  deps.monitor?.started(backoff);
  const figures = createFiguresReader(deps, stop);
  const claiming = new AbortController();
  const unlink = abortWith(claiming, drain === undefined ? [stop] : [stop, drain]);
  const due = { poll: 0, queues: 0, search: 0, sweep: 0 };
  /** The last snapshot, once its pass has ended: no task is claimed before that. */
  let snapshot: Snapshot | undefined;
  let lastFingerprint: number | undefined;
  let lastNow = 0;
  let liveJobs: ReadonlySet<JobId> = new Set();
  let quietPolls = 0;
  let hasFailed = false;

  async function reconcileAll(): Promise<void> {
    const startedAt = clock.now();
    due.poll = startedAt + intervals.pollMs;
    snapshot = undefined;
    const searchAll = startedAt >= due.search;
    let print: number | undefined;
    const pass = await runPass({
      searchAll,
      signal: stop,
      onAdopted: (polled, areAllAdopted) => {
        print = fingerprint(polled);
        deps.monitor?.polled(polled, print);
        if (searchAll && areAllAdopted) due.search = startedAt + deps.adoptAfterMs;
      },
    });
    deps.monitor?.passed(clock.now() - startedAt, pass !== undefined);
    if (pass === undefined) return;
    if (hasSchedulerQueue(deps, pass.snapshot)) snapshot = pass.snapshot;
    else if (isSchedulerQueueDeleted(deps, pass.snapshot))
      log.error('The scheduler queue was deleted; to create the queue again, restart the daemon');
    noteEndedJobs(pass.snapshot);
    quietPolls = print === lastFingerprint ? quietPolls + 1 : 0;
    lastFingerprint = print;
    const { isChangeExpected } = pass;
    due.poll = (isChangeExpected ? clock.now() : startedAt) + delayAfter(pass.snapshot, { isChangeExpected });
    if (awaitsPeers(pass.snapshot)) due.poll = Math.min(due.poll, startedAt + HEARTBEAT_EVERY_MS);
  }

  /** Whether a task with a job may be adopted as soon as all peers are known. */
  function awaitsPeers({ jobs }: Snapshot): boolean {
    return !deps.peers.areAllKnown() && [...jobs.keys()].some((task) => !deps.journal.entries.has(task));
  }

  /** The end of a job may let a full cluster accept another. */
  function noteEndedJobs(polled: Snapshot): void {
    const waiting = polled.queues.flatMap(({ id, entries }) => (queues.includes(id) ? [entries.length] : []));
    const live = readLiveJobs(polled) ?? liveJobs;
    const ended = [...liveJobs].filter((id) => !live.has(id)).length;
    backoff.polled({ waiting: Math.max(0, ...waiting), ended });
    liveJobs = live;
  }

  function delayAfter({ slurmMs }: Snapshot, { isChangeExpected }: { readonly isChangeExpected: boolean }): number {
    const entries = [...deps.journal.entries.values()];
    const { minJobAgeMs } = deps.cluster;
    return nextPollDelayMs(
      { baseMs: intervals.pollMs, minJobAgeMs },
      {
        tracked: entries.length,
        isChangeExpected,
        quietPolls: entries.some(isAwaitingChange) ? 0 : quietPolls,
        slurmMs,
      },
    );
  }

  /** However long a poll took, claiming gets its turn, and both servers a rest, before the next one. */
  function delayNextPoll(): void {
    due.poll = Math.max(due.poll, clock.now() + Math.min(intervals.pollMs, SOON_MS));
  }

  async function claimTasks(): Promise<void> {
    due.queues = clock.now() + intervals.queueMs;
    if (snapshot === undefined || claiming.signal.aborted) return;
    // A long queue must not delay the next poll.
    const until = clock.now() + (once ? A_DAY_MS : Math.min(intervals.pollMs, Math.max(0, due.poll - clock.now())));
    const claimed = await claimer.claimTasks(snapshot, { until, signal: claiming.signal });
    // If a due poll cut it short, claiming continues right after the poll, not an interval later.
    if (clock.now() >= until) due.queues = Math.min(due.queues, clock.now());
    if (claimed > 0) due.poll = Math.min(due.poll, clock.now() + delayAfter(snapshot, { isChangeExpected: true }));
  }

  async function sweep(): Promise<void> {
    due.sweep = clock.now() + SWEEP_EVERY_MS;
    await sweepJobConfs(deps, stop);
  }

  /** What is due by the old time would wait as long as the clock was set back. */
  function noteClock(): void {
    if (clock.now() < lastNow) Object.assign(due, { poll: 0, queues: 0, search: 0, sweep: 0 });
    lastNow = clock.now();
  }

  async function runDue(): Promise<void> {
    noteClock();
    try {
      if (clock.now() >= due.poll) await reconcileAll().finally(delayNextPoll);
      if (clock.now() >= due.queues) await claimTasks();
      if (clock.now() >= due.sweep) await sweep();
      figures.start();
      if (hasFailed) log.info('Recovered: polling and claiming again');
      hasFailed = false;
    } catch (error) {
      if (stop.aborted) return;
      if (once) throw error;
      deps.monitor?.failed(error);
      hasFailed = true;
      due.queues = Math.max(due.queues, due.poll);
      logPassFailure(deps, error, due.poll);
    }
  }

  function isDrained(): boolean {
    return drain?.aborted === true && snapshot !== undefined && deps.journal.entries.size === 0;
  }

  /** With `once`: whether the pass ended and no task is in the middle of a step. */
  function isFinished(): boolean {
    return snapshot !== undefined && [...deps.journal.entries.values()].every(({ step }) => step === 'following');
  }

  try {
    while (!stop.aborted) {
      await runDue();
      if (once || isDrained()) break;
      const wakeAt = Math.min(due.poll, due.queues, due.sweep);
      deps.monitor?.sleepsUntil(wakeAt);
      await sleepUnlessStopped(clock, Math.max(0, wakeAt - clock.now()), stop);
    }
    await pool.finish();
    if (!stop.aborted) await beside.canceller.finish();
    await figures.finish();
    return once && !isFinished() ? 'unfinished' : 'done';
  } finally {
    unlink();
  }
}

/** Undefined if the jobs of some Unix users are missing. */
function readLiveJobs({ jobs, unlisted }: Snapshot): ReadonlySet<JobId> | undefined {
  if (unlisted.size > 0) return undefined;
  const all = [...jobs.values()].flat();
  return new Set(all.flatMap(({ id, state }) => (isLive(state) ? [id] : [])));
}
