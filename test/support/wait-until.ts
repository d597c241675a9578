// Waits for something outside of this process to come true, where no event tells of it.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** 90 s when left out: enough for a busy machine, and less than anything sleeps that a test ends early. */
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
  { withinMs = 90_000, everyMs = 50, evidence }: Patience = {},
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
