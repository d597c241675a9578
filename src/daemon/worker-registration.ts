// Presence: the daemon as a worker in ClearML, so that the web page shows its queues as served, and as holder of its state folder.
import { sleepUnlessStopped } from '../base/sleep-unless-stopped.ts';
import type { DaemonDeps } from './deps.ts';
import type { Lock } from './journal/lock.ts';

/** The server forgets a worker that has been silent for so long. */
const WORKER_TIMEOUT_MS = 600_000;
const REPORT_EVERY_MS = 30_000;

/** Shows the daemon for the first time: before it does anything, so that its neighbours know whose its jobs are. */
export function registerWorker(deps: DaemonDeps): Promise<void> {
  return bestEffort(deps, () => deps.clearml.workers.register(deps.peers.row(), WORKER_TIMEOUT_MS));
}

/**
 * Shows that the daemon lives, until the signal, beside whatever else it does; then takes its leave. A report that fails is
 * followed by the next one.
 * @throws AlreadyRunningError when the state folder is no longer ours
 */
export async function sendHeartbeats(deps: DaemonDeps, lock: Lock, signal: AbortSignal): Promise<void> {
  const { workers } = deps.clearml;
  let shown = deps.peers.row();
  while (await sleepUnlessStopped(deps.clock, REPORT_EVERY_MS, signal)) {
    await lock.touch();
    const row = deps.peers.row();
    // The old name is another daemon's.
    if (row.id !== shown.id) await bestEffort(deps, () => workers.register(row, WORKER_TIMEOUT_MS));
    shown = row;
    await bestEffort(deps, () => workers.report(row));
  }
  await bestEffort(deps, () => workers.unregister(shown.id));
}

/** What is only for show is never in the way. */
async function bestEffort(deps: DaemonDeps, show: () => Promise<void>): Promise<void> {
  try {
    await show();
  } catch (error) {
    deps.log.debug('Worker heartbeat failed', { err: error });
  }
}
