// Waits for something outside of this process to come true, where no event tells of it.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long tests wait for anything: only what hangs takes so long, also on a machine that many share. It is less than anything
 * sleeps that a test ends early, so that such a sleeper's own end is never taken for the one that a test waits for.
 */
export const TIMEOUT_MS = 300_000;

export interface WaitOptions {
  /** Default: TIMEOUT_MS. */
  readonly withinMs?: number;
  /** Between two looks; 50 when left out. */
  readonly everyMs?: number;
  /** More to say when the time is up, such as the end of a log. */
  readonly evidence?: () => string;
}

/**
 * The first answer that is neither undefined nor false.
 * @param what completes "waited for …", for the error
 */
export async function waitUntil<Answer>(
  what: string,
  look: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  { withinMs = TIMEOUT_MS, everyMs = 50, evidence }: WaitOptions = {},
): Promise<Answer> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) {
      throw new Error(`waited ${withinMs} ms for ${what}, in vain${evidence === undefined ? '' : `\n${evidence()}`}`);
    }
    await sleep(everyMs);
  }
}
