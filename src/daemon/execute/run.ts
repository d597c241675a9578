// One task without a daemon: it goes the way of a daemon's tasks, followed until it has come to its end, and no other is touched.
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import { CredentialsRejectedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import { rateLimitedLog } from '../rate-limited-log.ts';
import { parkAndSubmit, claim } from '../claim/claim.ts';
import type { Intervals } from '../loop.ts';
import { chooseJob } from '../decide/decide.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { runUntilStopped } from '../run-until-stopped.ts';
import type { Lock } from '../journal/lock.ts';
import { findLiveJob, hasSchedulerQueue, poll, type Snapshot } from '../poll/poll.ts';
import { createBackoff } from '../submit/backoff.ts';
import { SOON_MS } from '../poll/poll-interval.ts';
import { resume } from '../submit/resume.ts';
import { createAdopter } from '../recover/adopt.ts';
import { createSubmissionPool } from '../submit/submission-pool.ts';
import { planNext } from './begin.ts';

export interface OneTaskOptions {
  readonly task: TaskId;
  /** From which it is taken, and to which it returns when the cluster is full. */
  readonly queue: ServedQueue;
  readonly intervals: Intervals;
  /** Aborted when it is no longer to be watched: its job goes on. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
  /** Shows a person what is new; called as often as queues are looked at. */
  readonly show: () => Promise<void>;
  /** 0 to 1; keeps processes from acting in step. */
  readonly random?: () => number;
}

export interface OneTaskEnd {
  /** False when it was only watched until now. */
  readonly isOver: boolean;
  /** As it ended; undefined when it was deleted. */
  readonly task: Task | undefined;
  /** Its last job, as far as one was seen. */
  readonly jobId: JobId | undefined;
}

/**
 * Follows the task to its end, taking it whenever it waits in our queue: at first, and after the cluster was full. One that
 * somebody else has is only watched. Whatever goes wrong makes it wait.
 * @throws AlreadyRunningError when another process has taken the state folder
 */
export async function runOneTask(given: DaemonDeps, options: OneTaskOptions): Promise<OneTaskEnd> {
  const deps = { ...given, log: rateLimitedLog(given.log, given.clock) };
  const { stop, lock } = options;
  const seen = { jobId: deps.journal.entries.get(options.task)?.jobId };
  const end = await runUntilStopped<Task | 'deleted' | 'left'>(deps, { stop, lock, abandoned: 'left' }, (signal) =>
    trackToEnd(deps, { ...options, stop: signal }, seen),
  );
  // A job that was submitted after the last look stands in the journal alone.
  const jobId = deps.journal.entries.get(options.task)?.jobId ?? seen.jobId;
  return { isOver: end !== 'left', task: typeof end === 'string' ? undefined : end, jobId };
}

async function trackToEnd(
  deps: DaemonDeps,
  { task: id, queue, intervals: intervals, stop, show, random = Math.random }: OneTaskOptions,
  seen: { jobId: JobId | undefined },
): Promise<Task | 'deleted' | 'left'> {
  const { clock, log } = deps;
  const backoff = createBackoff(random);
  const pool = createSubmissionPool(deps, backoff);
  const adopter = createAdopter(deps, id);
  const due = { look: 0, show: 0 };

  /** Returns how the task ended, once it has. */
  async function lookAround(): Promise<Task | 'deleted' | undefined> {
    due.look = clock.now() + intervals.pollMs;
    const snapshot = await poll(deps, stop);
    if (snapshot === undefined) return undefined;
    await deps.peers.refresh(deps.clearml.workers, clock.now());
    await adopter.adopt(snapshot, { everywhere: true, signal: stop });
    rememberJob(snapshot);
    const isSettled = await resume(deps, pool, snapshot, stop);
    const hasCancelled = await reconcile(deps, pool, snapshot, stop);
    await pool.finish();
    rememberJob(snapshot);
    if (hasCancelled || !isSettled) lookSoon();
    if (deps.journal.entries.has(id)) return undefined;

    const task = (await deps.clearml.tasks.get(id))?.task;
    const next = planNext(task, queue.id);
    // Of a job that another process follows, the end is awaited too: it says how the task fared.
    if (next === 'over') return findLiveJob(snapshot, id) === undefined ? (task ?? 'deleted') : undefined;
    if (next === 'take' && hasSchedulerQueue(deps, snapshot) && findLiveJob(snapshot, id) === undefined) await take();
    return undefined;
  }

  function rememberJob(snapshot: Snapshot): void {
    const entry = deps.journal.entries.get(id);
    const job = chooseJob({ jobs: snapshot.jobs.get(id) ?? [], task: snapshot.tasks.get(id), entry: entry ?? {} });
    seen.jobId = entry?.jobId ?? job?.id ?? seen.jobId;
  }

  async function take(): Promise<void> {
    if (clock.now() < backoff.until()) return;
    const { queues } = await deps.clearml.queues.read([queue.id]);
    const head = queues[0]?.entries.find(({ task, added }) => task === id && added !== undefined);
    if (head === undefined) return;
    const entry = await claim(deps, { queue, entry: head }, (from, wanted) => deps.clearml.queues.take(from, wanted));
    if (entry === undefined) return;
    log.info('Claimed', { task: id, queue: queue.name });
    pool.start(entry, () => parkAndSubmit(deps, entry, { queue, isParked: false }));
    await pool.finish();
    lookSoon();
  }

  function isStopped(): boolean {
    return stop.aborted;
  }

  function lookSoon(): void {
    due.look = Math.min(due.look, clock.now() + SOON_MS);
  }

  while (!isStopped()) {
    try {
      if (clock.now() >= due.look) {
        const end = await lookAround();
        if (end !== undefined) return end;
      }
      if (clock.now() >= due.show) {
        due.show = clock.now() + intervals.queueMs;
        await show();
      }
    } catch (error) {
      if (isStopped()) break;
      if (error instanceof ServerUnreachableError || error instanceof CredentialsRejectedError)
        log.warn('ClearML can not be asked; the job goes on, and is followed once it can', { err: error });
      else log.error('A look could not be finished; the next one tries again', { err: error });
    }
    await sleepUnlessStopped(clock, Math.max(0, Math.min(due.look, due.show) - clock.now()), stop);
  }
  await pool.finish();
  return 'left';
}
