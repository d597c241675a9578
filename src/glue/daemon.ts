// The daemon: looks, takes in strays, resumes, follows, takes tasks, and waits until there is something to do again.
import { CredentialsRefused, ServerUnreachable } from '../clearml/errors.ts';
import { follow, look, type View } from './follow.ts';
import type { Glue } from './glue.ts';
import type { Lock } from './lock.ts';
import { createPause } from './pause.ts';
import { announce, report, REPORT_EVERY_MS, takeLeave } from './presence.ts';
import { resume } from './resume.ts';
import { takeInStrays } from './strays.ts';
import { createTakeTasks } from './take-tasks.ts';

export interface Pace {
  /** Between two looks at Slurm while jobs are about. */
  readonly lookMs: number;
  /** Between two looks at the ClearML queues. */
  readonly queueMs: number;
}

export interface DaemonOptions {
  readonly pace: Pace;
  /** One round of everything, then the end. */
  readonly once: boolean;
  /** Aborted when the daemon is to stop: it takes nothing more, leaves the jobs alone and returns within seconds. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
}

/** How a run ended: `unfinished` is only for `once`, when something has to be looked at again later. */
export type DaemonEnd = 'done' | 'unfinished';

/** Without any job Slurm is asked this many times less often. */
const IDLE_FACTOR = 4;
/** A job shows in Slurm's list, and a cancelled one leaves it, some seconds after the call. */
const SOON_MS = 5_000;
const STRAYS_EVERY_MS = 300_000;
const STOP_WITHIN_MS = 4_000;

/** Runs until stopped, or once. A server or cluster that is away makes it wait, not end. */
export async function runDaemon(glue: Glue, { pace, once, stop, lock }: DaemonOptions): Promise<DaemonEnd> {
  const { clock, log } = glue;
  const pause = createPause(Math.random);
  const tasks = createTakeTasks(glue, pause);
  const due = { look: 0, queues: 0, report: 0, strays: 0 };
  let view: View | undefined;
  /** Whether everything that was begun before is resolved: nothing new is taken until then. */
  const state = { settled: false };

  /** Follows what is known, before anything new is taken. */
  async function lookAround(): Promise<void> {
    const seen = await look(glue, stop);
    const now = clock.now();
    due.look = now + pace.lookMs * (glue.journal.entries.size === 0 ? IDLE_FACTOR : 1);
    if (seen === undefined) {
      due.look = now + pace.lookMs;
      return;
    }
    view = seen;
    const everywhere = now >= due.strays;
    await takeInStrays(glue, seen, { everywhere });
    if (everywhere) due.strays = now + STRAYS_EVERY_MS;
    state.settled = await resume(glue, seen);
    const { cancelled } = await follow(glue, seen, stop);
    if (cancelled || !state.settled) due.look = Math.min(due.look, now + SOON_MS);
  }

  async function takeTasks(): Promise<void> {
    due.queues = clock.now() + pace.queueMs;
    if (!state.settled || view === undefined || clock.now() < pause.until()) return;
    const claimed = await tasks.round(view, stop);
    if (claimed > 0) due.look = Math.min(due.look, clock.now() + SOON_MS);
  }

  async function round(): Promise<void> {
    if (clock.now() >= due.report) {
      await Promise.all([report(glue), lock.touch()]);
      due.report = clock.now() + REPORT_EVERY_MS;
    }
    if (clock.now() >= due.look) await lookAround();
    if (clock.now() >= due.queues) await takeTasks();
  }

  await announce(glue);
  due.report = clock.now() + REPORT_EVERY_MS;
  while (!stop.aborted) {
    try {
      await round();
    } catch (error) {
      if (once) throw error;
      if (!(error instanceof ServerUnreachable || error instanceof CredentialsRefused)) throw error;
      log.warn('ClearML can not be asked; jobs go on, and so does the daemon once it can', { err: error });
      due.look = due.queues = clock.now() + pace.lookMs;
    }
    if (once) break;
    await waitUntil(Math.min(due.look, due.queues, due.report));
  }

  await finishWithin(STOP_WITHIN_MS);
  await takeLeave(glue);
  return once && !state.settled ? 'unfinished' : 'done';

  async function waitUntil(at: number): Promise<void> {
    try {
      await clock.sleep(Math.max(0, at - clock.now()), stop);
    } catch {
      // Told to stop: the loop's own condition sees it.
    }
  }

  /** Submissions under way are awaited: all of them in a single round, else only for as long as a stop may take. */
  async function finishWithin(ms: number): Promise<void> {
    if (once && !stop.aborted) return tasks.finish();
    const enough = new AbortController();
    await Promise.race([tasks.finish(), clock.sleep(ms, enough.signal).catch(() => undefined)]);
    enough.abort();
  }
}
