// Runs the work of a daemon beside the heartbeats that show it as a ClearML worker, and abandons what hangs when it is stopped.
import { abortWith } from '../base/abort-with.ts';
import { sleepUnlessStopped, waitAtMost } from '../base/clock.ts';
import type { DaemonDeps } from './deps.ts';
import type { Lock } from './journal/lock.ts';

export interface RunOptions<End> {
  /** Aborted to stop: the run returns within seconds. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
  /** Returned if something hangs and is abandoned. The next start continues it from the journal. */
  readonly abandoned: End;
}

const STOP_WITHIN_MS = 3_000;
/** The server removes a worker that sent no heartbeat for this long. */
const WORKER_TIMEOUT_MS = 600_000;
export const HEARTBEAT_EVERY_MS = 30_000;

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

/** Registers the worker before the daemon does anything else, so that its peers know whose its jobs are. */
function registerWorker(deps: DaemonDeps): Promise<void> {
  const { workers } = deps.clearml;
  return bestEffort(deps, async () => {
    // A peer with the same name keeps it: registered over, its registration would be missing until its next heartbeat.
    await deps.peers.refresh(workers, deps.clock.now());
    await workers.register(deps.peers.row(), WORKER_TIMEOUT_MS);
  });
}

/**
 * Sends heartbeats, and touches the lock, until the signal; then unregisters. After a failed heartbeat the next one follows.
 * @throws AlreadyRunningError if another process has taken the state directory, StateDirectoryLostError if it or its journal is gone
 */
async function sendHeartbeats(deps: DaemonDeps, lock: Lock, signal: AbortSignal): Promise<void> {
  const { workers } = deps.clearml;
  let shown = deps.peers.row();
  while (await sleepUnlessStopped(deps.clock, HEARTBEAT_EVERY_MS, signal)) {
    await lock.touch();
    deps.journal.throwIfLost();
    const row = deps.peers.row();
    // The old name belongs to another daemon.
    if (row.id !== shown.id) await bestEffort(deps, () => workers.register(row, WORKER_TIMEOUT_MS));
    shown = row;
    await bestEffort(deps, () => workers.report(row));
  }
  await bestEffort(deps, () => workers.unregister(shown.id));
}

/** Registration is only for display: its failure must not stop the daemon. */
async function bestEffort(deps: DaemonDeps, request: () => Promise<void>): Promise<void> {
  try {
    await request();
  } catch (error) {
    deps.log.debug('Worker heartbeat failed', { err: error });
  }
}
