// Runs one task without a daemon: the passes of the daemon, limited to this task, until it ends.
import { sleepUnlessStopped } from '../base/clock.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { Task } from '../clearml/task.ts';
import type { JobId } from '../slurm/scheduler.ts';
import { claimOneTask } from '../daemon/claim/claim-one-task.ts';
import { submitClaimedTask } from '../daemon/submit/submit-claimed-task.ts';
import { chooseJob } from '../daemon/decide/decide.ts';
import type { DaemonDeps, ServedQueue } from '../daemon/deps.ts';
import { isHeld } from '../daemon/users/unix-users.ts';
import type { Lock } from '../daemon/journal/lock.ts';
import type { Intervals } from '../daemon/reconcile-loop.ts';
import { createPass, logPassFailure } from '../daemon/pass.ts';
import { SOON_MS } from '../daemon/poll/poll-interval.ts';
import { findLiveJob, hasSchedulerQueue, isSchedulerQueueDeleted, type Snapshot } from '../daemon/poll/poll.ts';
import { rateLimitedLog } from '../log/rate-limited-log.ts';
import { runUntilStopped } from '../daemon/run-until-stopped.ts';
import { createBackoff } from '../daemon/submit/submission-backoff.ts';
import { createSubmissionPool } from '../daemon/submit/submission-pool.ts';
import { planNext } from './plan-start.ts';

export interface OneTaskOptions {
  readonly task: TaskId;
  /** The queue that the task is claimed from, and that it returns to under backpressure. */
  readonly queue: ServedQueue;
  readonly intervals: Intervals;
  /** Aborted to stop watching the task; its job continues. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
  /** Shows the user what is new; called at the queue interval. */
  readonly show: () => Promise<void>;
  /** 0 to 1; jitter that keeps processes from acting in step. */
  readonly random?: () => number;
}

export interface OneTaskEnd {
  /** False if watching was stopped before the task ended. */
  readonly isOver: boolean;
  /** The ended task; undefined if it was deleted. */
  readonly task: Task | undefined;
  /** Its last job, if one was seen. */
  readonly jobId: JobId | undefined;
}

/**
 * Tracks the task to its end. Claims it whenever it waits in our queue: at the start, and after backpressure. A task that another
 * daemon tracks is only watched. Failures are retried.
 * @throws AlreadyRunningError, StateDirectoryLostError if the state directory is lost
 */
export async function trackOneTask(given: DaemonDeps, options: OneTaskOptions): Promise<OneTaskEnd> {
  const deps = { ...given, log: rateLimitedLog(given.log, given.clock) };
  const { stop, lock } = options;
  const seen = { jobId: deps.journal.entries.get(options.task)?.jobId };
  const end = await runUntilStopped<Task | 'deleted' | 'left'>(deps, { stop, lock, abandoned: 'left' }, (signal) =>
    trackToEnd(deps, { ...options, stop: signal }, seen),
  );
  // Only the journal knows a job that was submitted after the last poll.
  const jobId = deps.journal.entries.get(options.task)?.jobId ?? seen.jobId;
  return { isOver: end !== 'left', task: typeof end === 'string' ? undefined : end, jobId };
}

async function trackToEnd(
  deps: DaemonDeps,
  { task: id, queue, intervals, stop, show, random = Math.random }: OneTaskOptions,
  seen: { jobId: JobId | undefined },
): Promise<Task | 'deleted' | 'left'> {
  const { clock, log } = deps;
  const backoff = createBackoff(random);
  const pool = createSubmissionPool(deps, backoff);
  const runPass = createPass(deps, pool, { only: id });
  const due = { poll: 0, show: 0 };
  let lastNow = 0;

  /** Returns the task if it has ended. */
  async function reconcileTask(): Promise<Task | 'deleted' | undefined> {
    due.poll = clock.now() + intervals.pollMs;
    const pass = await runPass({ searchAll: true, signal: stop, onAdopted: rememberJob });
    if (pass === undefined) return undefined;
    const { snapshot, isChangeExpected } = pass;
    await pool.finish();
    rememberJob(snapshot);
    if (isChangeExpected) pollSoon();
    if (deps.journal.entries.has(id)) return undefined;

    const task = (await deps.clearml.tasks.get(id))?.task;
    const next = planNext(task, queue.id);
    const hasJob = findLiveJob(snapshot, id) !== undefined;
    // If another process tracks the job, its end is awaited too: that process reports how the task ended.
    if (next === 'over') return hasJob ? undefined : (task ?? 'deleted');
    const isHeldUser = isHeld(deps.unixUsers, task?.user, clock.now(), snapshot.unlisted);
    if (next !== 'claim' || isHeldUser || hasJob) return undefined;
    if (hasSchedulerQueue(deps, snapshot)) await claimAndSubmit();
    else if (isSchedulerQueueDeleted(deps, snapshot))
      log.error('The scheduler queue was deleted. To create it again, repeat this command');
    return undefined;
  }

  function rememberJob(snapshot: Snapshot): void {
    const entry = deps.journal.entries.get(id);
    const job = chooseJob({ jobs: snapshot.jobs.get(id) ?? [], task: snapshot.tasks.get(id), entry: entry ?? {} });
    seen.jobId = entry?.jobId ?? job?.id ?? seen.jobId;
  }

  async function claimAndSubmit(): Promise<void> {
    const now = clock.now();
    if (now < backoff.until(now) || backoff.failures.isHeld({ queue: queue.id }, now)) return;
    const { queues } = await deps.clearml.queues.read([queue.id]);
    const head = queues[0]?.entries.find(({ task, added }) => task === id && added !== undefined);
    if (head === undefined) return;
    // From any position.
    const entry = await claimOneTask(deps, { queue, entry: { ...head, isBehind: true } });
    if (entry === undefined) return;
    log.info('Claimed', { task: id, queue: queue.name });
    pool.start(entry, () => submitClaimedTask(deps, entry, { queue, isParked: false }));
    await pool.finish();
    pollSoon();
  }

  function isStopped(): boolean {
    return stop.aborted;
  }

  function pollSoon(): void {
    due.poll = Math.min(due.poll, clock.now() + SOON_MS);
  }

  /** What is due by the old time would wait as long as the clock was set back. */
  function noteClock(): void {
    if (clock.now() < lastNow) Object.assign(due, { poll: 0, show: 0 });
    lastNow = clock.now();
  }

  while (!isStopped()) {
    noteClock();
    try {
      if (clock.now() >= due.poll) {
        const end = await reconcileTask();
        if (end !== undefined) return end;
      }
      if (clock.now() >= due.show) {
        due.show = clock.now() + intervals.queueMs;
        await show();
      }
    } catch (error) {
      if (isStopped()) break;
      logPassFailure(deps, error, due.poll);
    }
    await sleepUnlessStopped(clock, Math.max(0, Math.min(due.poll, due.show) - clock.now()), stop);
  }
  await pool.finish();
  return 'left';
}
