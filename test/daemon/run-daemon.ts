// Runs whole daemons on a clock that the test advances from one wake-up to the next.
import { setImmediate as turn } from 'node:timers/promises';
import { createTaskClaimer, type TaskClaimer } from '../../src/daemon/claim/claim-tasks.ts';
import { runDaemon, type DaemonEnd, type DaemonOptions } from '../../src/daemon/reconcile-loop.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import type { Lock } from '../../src/daemon/journal/lock.ts';
import { createBackoff } from '../../src/daemon/submit/submission-backoff.ts';
import { createSubmissionPool, type SubmissionPool } from '../../src/daemon/submit/submission-pool.ts';
import type { SimulatedClock } from '../simulation/clock.ts';
import type { StepFixture } from './step-fixture.ts';

export const LOCK: Lock = { touch: () => Promise.resolve(), release: () => Promise.resolve() };

export interface DaemonRun {
  readonly ended: Promise<DaemonEnd>;
  stop(): void;
  /** Stops it, and waits until it has ended. */
  end(): Promise<DaemonEnd>;
}

export function startDaemon(deps: DaemonDeps, options: Partial<DaemonOptions> = {}): DaemonRun {
  const stop = new AbortController();
  const intervals = { pollMs: 15_000, queueMs: 5_000 };
  const ended = runDaemon(deps, {
    intervals,
    once: false,
    stop: stop.signal,
    lock: LOCK,
    random: () => 1,
    ...options,
  });
  const askToStop = (): void => stop.abort(new Error('got SIGTERM'));
  return {
    ended,
    stop: askToStop,
    end() {
      askToStop();
      return ended;
    },
  };
}

/** Runs a daemon for this time. */
export async function runFor({ deps, clock }: Pick<StepFixture, 'deps' | 'clock'>, ms: number): Promise<void> {
  const run = startDaemon(deps);
  await advance(clock, ms);
  await run.end();
}

/** Advances the time while the daemons sleep. */
export async function advance(clock: SimulatedClock, ms: number): Promise<void> {
  const until = clock.now() + ms;
  while (clock.now() < until) {
    await turn();
    const wakeAt = Math.min(clock.nextWakeAt() ?? until, until);
    clock.pass(Math.max(1, wakeAt - clock.now()));
  }
  await turn();
}

/** What claims tasks, and the pool of its submissions, without jitter. */
export function createClaims(deps: DaemonDeps): { readonly claimer: TaskClaimer; readonly pool: SubmissionPool } {
  const backoff = createBackoff(() => 1);
  const pool = createSubmissionPool(deps, backoff);
  return { claimer: createTaskClaimer(deps, pool, backoff), pool };
}

/** Polls once, claims tasks as long as this, waits for their submissions, and returns how many were claimed. */
export async function claimOnce(fixture: StepFixture, forMs = 60_000): Promise<number> {
  const { claimer, pool } = createClaims(fixture.deps);
  const until = fixture.clock.now() + forMs;
  const { signal } = new AbortController();
  const claimed = await claimer.claimTasks(await fixture.poll(), { until, signal });
  await pool.finish();
  return claimed;
}
