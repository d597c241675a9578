// One task without a daemon: it goes the way of a daemon's tasks, followed until it has come to its end, and no other is touched.
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import { CredentialsRefused, ServerUnreachable } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import { calmLog } from '../rate-limited-log.ts';
import { bringToSlurm, claim } from '../claim/claim.ts';
import type { Pace } from '../loop.ts';
import { chooseJob } from '../decide/decide.ts';
import { follow } from '../reconcile/reconcile.ts';
import type { Glue, ServedQueue } from '../deps.ts';
import { live } from '../run-until-stopped.ts';
import type { Lock } from '../journal/lock.ts';
import { findLiveJob, hasSchedulerQueue, look, type View } from '../poll/poll.ts';
import { createBackoff } from '../submit/backoff.ts';
import { SOON_MS } from '../poll/poll-interval.ts';
import { resume } from '../submit/resume.ts';
import { createStrays } from '../recover/adopt.ts';
import { createWays } from '../submit/submission-pool.ts';
import { whatNext } from './begin.ts';

export interface OneTaskOptions {
  readonly task: TaskId;
  /** From which it is taken, and to which it returns when the cluster is full. */
  readonly queue: ServedQueue;
  readonly pace: Pace;
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
 * @throws AlreadyRunning when another process has taken the state folder
 */
export async function runOneTask(given: Glue, options: OneTaskOptions): Promise<OneTaskEnd> {
  const glue = { ...given, log: calmLog(given.log, given.clock) };
  const { stop, lock } = options;
  const seen = { jobId: glue.journal.entries.get(options.task)?.jobId };
  const end = await live<Task | 'deleted' | 'left'>(glue, { stop, lock, givenUp: 'left' }, (signal) =>
    goAlong(glue, { ...options, stop: signal }, seen),
  );
  // A job that was submitted after the last look stands in the journal alone.
  const jobId = glue.journal.entries.get(options.task)?.jobId ?? seen.jobId;
  return { isOver: end !== 'left', task: typeof end === 'string' ? undefined : end, jobId };
}

async function goAlong(
  glue: Glue,
  { task: id, queue, pace, stop, show, random = Math.random }: OneTaskOptions,
  seen: { jobId: JobId | undefined },
): Promise<Task | 'deleted' | 'left'> {
  const { clock, log } = glue;
  const pause = createBackoff(random);
  const ways = createWays(glue, pause);
  const strays = createStrays(glue, id);
  const due = { look: 0, show: 0 };

  /** Returns how the task ended, once it has. */
  async function lookAround(): Promise<Task | 'deleted' | undefined> {
    due.look = clock.now() + pace.lookMs;
    const view = await look(glue, stop);
    if (view === undefined) return undefined;
    await glue.neighbours.look(glue.clearml.workers, clock.now());
    await strays.takeIn(view, { everywhere: true, signal: stop });
    rememberJob(view);
    const isSettled = await resume(glue, ways, view, stop);
    const hasCancelled = await follow(glue, ways, view, stop);
    await ways.finish();
    rememberJob(view);
    if (hasCancelled || !isSettled) lookSoon();
    if (glue.journal.entries.has(id)) return undefined;

    const task = (await glue.clearml.tasks.get(id))?.task;
    const next = whatNext(task, queue.id);
    // Of a job that another process follows, the end is awaited too: it says how the task fared.
    if (next === 'over') return findLiveJob(view, id) === undefined ? (task ?? 'deleted') : undefined;
    if (next === 'take' && hasSchedulerQueue(glue, view) && findLiveJob(view, id) === undefined) await take();
    return undefined;
  }

  function rememberJob(view: View): void {
    const entry = glue.journal.entries.get(id);
    const job = chooseJob({ jobs: view.jobs.get(id) ?? [], task: view.tasks.get(id), entry: entry ?? {} });
    seen.jobId = entry?.jobId ?? job?.id ?? seen.jobId;
  }

  async function take(): Promise<void> {
    if (clock.now() < pause.until()) return;
    const { queues } = await glue.clearml.queues.read([queue.id]);
    const head = queues[0]?.entries.find(({ task, added }) => task === id && added !== undefined);
    if (head === undefined) return;
    const entry = await claim(glue, { queue, entry: head }, (from, wanted) => glue.clearml.queues.take(from, wanted));
    if (entry === undefined) return;
    log.info('Taken', { task: id, queue: queue.name });
    ways.begin(entry, () => bringToSlurm(glue, entry, { queue, isParked: false }));
    await ways.finish();
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
        due.show = clock.now() + pace.queueMs;
        await show();
      }
    } catch (error) {
      if (isStopped()) break;
      if (error instanceof ServerUnreachable || error instanceof CredentialsRefused)
        log.warn('ClearML can not be asked; the job goes on, and is followed once it can', { err: error });
      else log.error('A look could not be finished; the next one tries again', { err: error });
    }
    await sleepUnlessStopped(clock, Math.max(0, Math.min(due.look, due.show) - clock.now()), stop);
  }
  await ways.finish();
  return 'left';
}
