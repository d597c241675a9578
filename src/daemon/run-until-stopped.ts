// The life of a process that follows jobs: it shows itself while it works, and leaves behind what hangs when it is to end.
import { sleepUnlessStopped } from '../base/sleep-unless-stopped.ts';
import type { DaemonDeps } from './deps.ts';
import type { Lock } from './journal/lock.ts';
import { registerWorker, sendHeartbeats } from './worker-registration.ts';

export interface RunOptions<End> {
  /** Aborted when it is to end: it returns within seconds. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
  /** What is returned when something hung, and was left behind: the journal knows how to go on with it. */
  readonly abandoned: End;
}

const STOP_WITHIN_MS = 3_000;

/**
 * Shows the process, does the work, and takes its leave; the work is told to stop when the presence has ended.
 * @throws AlreadyRunningError when another process has taken the state folder; what the work throws
 */
export async function runUntilStopped<End>(
  deps: DaemonDeps,
  options: RunOptions<End>,
  work: (stop: AbortSignal) => Promise<End>,
): Promise<End> {
  const stop = new AbortController();
  const passOn = (): void => stop.abort(options.stop.reason);
  options.stop.addEventListener('abort', passOn, { once: true });
  if (options.stop.aborted) passOn();
  const over = new AbortController();

  try {
    const shown = registerWorker(deps);
    const presence = shown.then(() => sendHeartbeats(deps, options.lock, stop.signal));
    const done = shown.then(() => work(stop.signal)).finally(() => stop.abort());
    const end = Promise.all([done, presence]).then(([how]) => how);
    return await Promise.race([end, abandonAfterStop(deps, options.abandoned, stop.signal, over.signal)]);
  } finally {
    stop.abort();
    over.abort();
    options.stop.removeEventListener('abort', passOn);
  }
}

async function abandonAfterStop<End>(deps: DaemonDeps, end: End, stop: AbortSignal, over: AbortSignal): Promise<End> {
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await sleepUnlessStopped(deps.clock, STOP_WITHIN_MS, over);
  return end;
}
