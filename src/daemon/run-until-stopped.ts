// Runs the work of a daemon beside its heartbeats, and abandons what hangs when it is stopped.
import { abortWith } from '../base/abort-with.ts';
import { waitAtMost } from '../base/clock.ts';
import type { DaemonDeps } from './deps.ts';
import type { Lock } from './journal/lock.ts';
import { registerWorker, sendHeartbeats } from './worker-heartbeats.ts';

export interface RunOptions<End> {
  /** Aborted to stop: the run returns within seconds. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
  /** Returned if something hangs and is abandoned. The next start continues it from the journal. */
  readonly abandoned: End;
}

const STOP_WITHIN_MS = 3_000;

/**
 * Registers the worker, runs the work, and unregisters. If the lock is lost, the work is aborted.
 * @throws AlreadyRunningError, StateDirectoryLostError if the state directory is lost; whatever the work throws
 */
export async function runUntilStopped<End>(
  deps: DaemonDeps,
  options: RunOptions<End>,
  work: (stop: AbortSignal) => Promise<End>,
): Promise<End> {
  const stop = new AbortController();
  const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
  const unlink = abortWith(stop, [options.stop]);

  try {
    const registered = registerWorker(deps);
    const heartbeats = registered.then(() => sendHeartbeats(deps, options.lock, stop.signal));
    const done = registered.then(() => work(stop.signal)).finally(() => stop.abort());
    const end = Promise.all([done, heartbeats]).then(([how]) => how);
    await Promise.race([end, stopped]);
    return (await waitAtMost(deps.clock, STOP_WITHIN_MS, end)) ?? options.abandoned;
  } finally {
    stop.abort();
    unlink();
  }
}
