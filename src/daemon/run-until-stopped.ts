// Runs the work of a daemon beside its heartbeats, and abandons what hangs when it is stopped.
import { abortWith } from '../base/abort-with.ts';
import { sleepUnlessStopped } from '../base/clock.ts';
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
  const unlink = abortWith(stop, [options.stop]);
  const over = new AbortController();

  try {
    const registered = registerWorker(deps);
    const heartbeats = registered.then(() => sendHeartbeats(deps, options.lock, stop.signal));
    const done = registered.then(() => work(stop.signal)).finally(() => stop.abort());
    const end = Promise.all([done, heartbeats]).then(([how]) => how);
    return await Promise.race([end, abandonAfterStop(deps, options.abandoned, stop.signal, over.signal)]);
  } finally {
    stop.abort();
    over.abort();
    unlink();
  }
}

async function abandonAfterStop<End>(deps: DaemonDeps, end: End, stop: AbortSignal, over: AbortSignal): Promise<End> {
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await sleepUnlessStopped(deps.clock, STOP_WITHIN_MS, over);
  return end;
}
