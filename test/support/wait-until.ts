// Waits for a condition outside of this process that has no event.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The timeout of every wait in tests: only a hang takes that long, even on a busy machine. It is shorter than anything
 * sleeps that a test ends early, so that a test never mistakes the natural end of a sleeper for the expected one.
 */
export const TIMEOUT_MS = 300_000;

export interface WaitOptions {
  /** Default: TIMEOUT_MS. */
  readonly withinMs?: number;
  /** The interval between checks; default: 50. */
  readonly everyMs?: number;
  /** More evidence for the timeout error, such as the end of a log. */
  readonly evidence?: () => string;
}

/**
 * Resolves with the first result that is neither undefined nor false.
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
