// The life of a process that follows jobs: it shows itself while it works, and leaves behind what hangs when it is to end.
import { sleepUnlessStopped } from '../base/sleep-unless-stopped.ts';
import type { Glue } from './deps.ts';
import type { Lock } from './journal/lock.ts';
import { appear, showPresence } from './worker-registration.ts';

export interface LifeOptions<End> {
  /** Aborted when it is to end: it returns within seconds. */
  readonly stop: AbortSignal;
  readonly lock: Lock;
  /** What is returned when something hung, and was left behind: the journal knows how to go on with it. */
  readonly givenUp: End;
}

const STOP_WITHIN_MS = 3_000;

/**
 * Shows the process, does the work, and takes its leave; the work is told to stop when the presence has ended.
 * @throws AlreadyRunning when another process has taken the state folder; what the work throws
 */
export async function live<End>(
  glue: Glue,
  options: LifeOptions<End>,
  work: (stop: AbortSignal) => Promise<End>,
): Promise<End> {
  const stop = new AbortController();
  const passOn = (): void => stop.abort(options.stop.reason);
  options.stop.addEventListener('abort', passOn, { once: true });
  if (options.stop.aborted) passOn();
  const over = new AbortController();

  try {
    const shown = appear(glue);
    const presence = shown.then(() => showPresence(glue, options.lock, stop.signal));
    const done = shown.then(() => work(stop.signal)).finally(() => stop.abort());
    const end = Promise.all([done, presence]).then(([how]) => how);
    return await Promise.race([end, giveUpOnceStopped(glue, options.givenUp, stop.signal, over.signal)]);
  } finally {
    stop.abort();
    over.abort();
    options.stop.removeEventListener('abort', passOn);
  }
}

async function giveUpOnceStopped<End>(glue: Glue, end: End, stop: AbortSignal, over: AbortSignal): Promise<End> {
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await sleepUnlessStopped(glue.clock, STOP_WITHIN_MS, over);
  return end;
}
