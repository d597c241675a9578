// Waits for a condition outside of this process that has no event, and fails early if it can no longer become true.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The timeout of every wait in tests: only a hang takes that long, even on a busy machine. It is shorter than anything
 * sleeps that a test ends early, so that a test never mistakes the natural end of a sleeper for the expected one.
 */
export const TIMEOUT_MS = 300_000;

/** How long `stalled` must hold: the daemon forgets a task before it writes the task's last console lines. */
const STALLED_MS = 60_000;

export interface WaitOptions {
  /** The longest time without a change of `progress`; default: TIMEOUT_MS. */
  readonly withinMs?: number;
  /** The interval between checks; default: 50. */
  readonly everyMs?: number;
  /** Changes whenever something has happened that may lead to the condition. */
  readonly progress?: () => unknown;
  /** Why the condition can no longer become true, such as the end of the program that would cause it. */
  readonly hopeless?: () => string | undefined | Promise<string | undefined>;
  /** Why nothing is left that could cause it. A reason that lasts for `stalledForMs` without progress fails the wait. */
  readonly stalled?: () => Promise<string | undefined>;
  /** Default: a minute. */
  readonly stalledForMs?: number;
  /** More evidence for the error, such as the end of a log. */
  readonly evidence?: () => string;
}

/** Returns why no wait of this test can succeed any more. */
type Obstacle = () => string | undefined;

const obstacles = new Set<Obstacle>();

/** Makes every wait fail as soon as there is this obstacle, until the returned function is called. */
export function failWaitsOn(obstacle: Obstacle): () => void {
  obstacles.add(obstacle);
  return () => obstacles.delete(obstacle);
}

function currentObstacle(): string | undefined {
  for (const obstacle of obstacles) {
    const why = obstacle();
    if (why !== undefined) return why;
  }
  return undefined;
}

/**
 * Resolves with the first result that is neither undefined nor false.
 * @param what completes "waited for …", for the error
 */
export async function waitUntil<Answer>(
  what: string,
  look: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  options: WaitOptions = {},
): Promise<Answer> {
  const { withinMs = TIMEOUT_MS, stalledForMs = STALLED_MS, everyMs = 50 } = options;
  const { progress, hopeless, stalled, evidence } = options;
  const startedAt = performance.now();
  let latest: unknown;
  let changedAt = startedAt;
  let stalledAt: number | undefined;

  function failure(why: string): Error {
    const waitedMs = Math.round(performance.now() - startedAt);
    let more = '';
    try {
      if (evidence !== undefined) more = `\n${evidence()}`;
    } catch (error) {
      more = `\nno evidence: ${String(error)}`;
    }
    return new Error(`waited ${waitedMs} ms for ${what}, in vain: ${why}${more}`);
  }

  for (;;) {
    // Before the check: a program that has ended since the last one may have fulfilled the condition first.
    const never = currentObstacle() ?? (await hopeless?.());
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer;
    if (never !== undefined) throw failure(never);

    const now = performance.now();
    const state = progress?.();
    if (state !== latest) {
      latest = state;
      changedAt = now;
      stalledAt = undefined;
    } else {
      const why = await stalled?.();
      stalledAt = why === undefined ? undefined : (stalledAt ?? now);
      if (why !== undefined && stalledAt !== undefined && now - stalledAt >= stalledForMs) throw failure(why);
      if (now - changedAt > withinMs) throw failure(`nothing has happened for ${withinMs} ms`);
    }
    await sleep(everyMs);
  }
}
