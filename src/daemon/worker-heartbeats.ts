// Registers the daemon as a ClearML worker, so that the web page shows its queues as served, and sends its heartbeats.
import { sleepUnlessStopped } from '../base/clock.ts';
import type { DaemonDeps } from './deps.ts';
import type { Lock } from './journal/lock.ts';

/** The server removes a worker that sent no heartbeat for this long. */
const WORKER_TIMEOUT_MS = 600_000;
export const HEARTBEAT_EVERY_MS = 30_000;

/** Registers the worker before the daemon does anything else, so that its peers know whose its jobs are. */
export function registerWorker(deps: DaemonDeps): Promise<void> {
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
export async function sendHeartbeats(deps: DaemonDeps, lock: Lock, signal: AbortSignal): Promise<void> {
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
