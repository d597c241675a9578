// Waits for the first response of a server, and reports the wait after a few seconds.
import type { Clock } from '../base/clock.ts';
import { ServerUnreachableError } from '../clearml/errors.ts';

const QUIET_MS = 3_000;

export interface FirstResponseRules {
  readonly clock: Clock;
  /** The address, for the notice. */
  readonly server: string;
  /** The timeout of the wait; undefined: that of the client. */
  readonly giveUpMs: number | undefined;
  /** How long the client retries, for the notice. */
  readonly triesMs: number;
  /** The error of the last attempt; undefined during the first one. */
  readonly lastFailure: () => ServerUnreachableError | undefined;
  readonly notice: (fact: { readonly why: string; readonly until: number }) => void;
}

/** @throws ServerUnreachableError after the timeout, and what the request throws */
export async function firstResponse<T>(ask: () => Promise<T>, rules: FirstResponseRules): Promise<T> {
  const { clock, server, giveUpMs, triesMs, lastFailure, notice } = rules;
  const startedAt = clock.now();
  const answered = new AbortController();
  const quiet = clock.sleep(QUIET_MS, answered.signal).then(() => {
    const why = lastFailure()?.message ?? `no response from ${server} yet`;
    notice({ why, until: startedAt + (giveUpMs ?? triesMs) });
  });
  const tooLate =
    giveUpMs === undefined
      ? undefined
      : clock.sleep(giveUpMs, answered.signal).then(() => {
          const why = lastFailure()?.message ?? `no response from ${server}`;
          throw new ServerUnreachableError(`${why}; gave up after ${Math.round(giveUpMs / 1000)} s`, false);
        });
  // The abort after the response rejects both.
  quiet.catch(() => undefined);
  tooLate?.catch(() => undefined);
  const asked = ask();
  // After the timeout the caller closes the client, which rejects this.
  asked.catch(() => undefined);
  try {
    return await (tooLate === undefined ? asked : Promise.race([asked, tooLate]));
  } finally {
    answered.abort();
  }
}
