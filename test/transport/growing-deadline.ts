// Gives a program a deadline that it passes, and not before it has begun: how long beginning takes is the machine's affair.

/** The longest is minutes: a program that has not begun by then never does. */
const DEADLINES_MS = [500, 2_000, 8_000, 32_000, 128_000];

export interface PastDeadline {
  readonly error: unknown;
  readonly timeoutMs: number;
}

/** What became of the first run whose program had begun before its deadline, or of the last. */
export async function runPastDeadline(
  run: (timeoutMs: number) => Promise<unknown>,
  hasBegun: (error: unknown) => boolean,
): Promise<PastDeadline> {
  let last: PastDeadline = { error: undefined, timeoutMs: 0 };
  for (const timeoutMs of DEADLINES_MS) {
    last = { error: await run(timeoutMs), timeoutMs };
    if (hasBegun(last.error)) break;
  }
  return last;
}
