// Completes the history with the figures of accounting, beside the passes: what ended jobs were allocated, and what they used.
import { TaskIdShape } from '../../clearml/ids.ts';
import { attemptKey, isAccounted, type EndedAttempt } from '../../history/ended-attempt.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import { formatJobName } from '../../slurm/job-name.ts';
import type { JobFigures, JobId, JobKey } from '../../slurm/scheduler.ts';
import { logToConsole } from '../console/write-to-console.ts';
import { describeUnused } from '../console/unused-resources.ts';
import type { DaemonDeps } from '../deps.ts';

export interface FiguresReader {
  /** Reads the figures that are due, unless that still runs. Returns at once. */
  start(): void;
  /** Resolves when nothing runs. */
  finish(): Promise<void>;
}

/** Slurm's database has the end of a job within seconds, unless it is down. */
const FIRST_DELAY_MS = 10_000;
const MOST_DELAY_MS = 3_600_000;
/** A job that is not there by then never comes. */
const GIVE_UP_MS = 24 * 3_600_000;
/** One query of the database takes about as long for this many jobs as for one. */
const JOBS_PER_QUERY = 200;

interface Retry {
  readonly at: number;
  readonly delayMs: number;
}

export function createFiguresReader(deps: DaemonDeps, signal: AbortSignal): FiguresReader {
  const { clock, history, log } = deps;
  const retries = new Map<string, Retry>();
  let running: Promise<void> | undefined;

  function findDue(): EndedAttempt[] {
    const now = clock.now();
    const due: EndedAttempt[] = [];
    for (const [key, attempt] of history.unaccounted) {
      if (attempt.attempt === undefined || now - attempt.recordedAt >= GIVE_UP_MS) {
        history.giveUp(attempt);
        retries.delete(key);
      } else if (now >= (retries.get(key)?.at ?? attempt.recordedAt + FIRST_DELAY_MS)) due.push(attempt);
      if (due.length === JOBS_PER_QUERY) break;
    }
    return due;
  }

  async function readDue(): Promise<void> {
    for (let due = findDue(); due.length > 0 && !signal.aborted; due = findDue()) {
      const figures = await query(due);
      for (const attempt of due) {
        const key = attemptKey(attempt);
        const its = figures?.get(attempt.job as JobId);
        if (its === undefined) retries.set(key, later(retries.get(key)));
        else {
          retries.delete(key);
          await complete(attempt, its);
        }
      }
      if (figures === undefined) return;
    }
  }

  function later(before: Retry | undefined): Retry {
    const delayMs = Math.min(MOST_DELAY_MS, (before?.delayMs ?? FIRST_DELAY_MS) * 2);
    return { at: clock.now() + delayMs, delayMs };
  }

  /** Undefined if accounting does not respond. */
  async function query(attempts: readonly EndedAttempt[]): Promise<ReadonlyMap<JobId, JobFigures> | undefined> {
    const jobs = attempts.map(({ task, attempt, job, unixUser }): JobKey => {
      const name = formatJobName(TaskIdShape.parse(task), attempt ?? '');
      return { id: job as JobId, name, ...(unixUser === undefined ? {} : { unixUser }) };
    });
    try {
      return await deps.scheduler.figures(jobs, signal);
    } catch (error) {
      if (!(error instanceof SlurmUnavailableError)) throw error;
      log.warn('Could not read the usage of ended jobs from accounting; retrying later', { slurm: error.message });
      return undefined;
    }
  }

  /** Recorded before the console line: a line twice is worse than none. */
  async function complete(attempt: EndedAttempt, figures: JobFigures): Promise<void> {
    const { user, stateWord, ...rest } = figures;
    const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const whole: EndedAttempt = { ...attempt, ...known, state: stateWord, unixUser: user };
    await history.record(whole);
    // Accounting has the job, but no number of CPUs, and will not get one.
    if (!isAccounted(whole)) history.giveUp(whole);
    const unused = describeUnused(whole);
    if (unused !== undefined)
      await logToConsole(deps, TaskIdShape.parse(attempt.task), { level: 'INFO', text: unused });
  }

  async function run(): Promise<void> {
    try {
      await readDue();
    } catch (error) {
      if (!signal.aborted) log.error('Could not add the usage figures from accounting to the history', { err: error });
    } finally {
      running = undefined;
    }
  }

  return {
    start() {
      if (deps.cluster.hasAccounting && findDue().length > 0) running ??= run();
    },
    async finish() {
      await running;
    },
  };
}
