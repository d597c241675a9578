// The wait for a server's first answer: a person hears after a few seconds what is tried and until when, and need not wait for long.
import type { Clock } from '../base/clock.ts';
import { ServerUnreachableError } from '../clearml/errors.ts';

const QUIET_MS = 3_000;

export interface FirstResponseRules {
  readonly clock: Clock;
  /** Its address, for the notice. */
  readonly server: string;
  /** After so long the wait is over, whatever was tried by then; undefined where that is not ours to decide. */
  readonly giveUpMs: number | undefined;
  /** How long is tried, for the notice. */
  readonly triesMs: number;
  /** Why the last attempt brought nothing; undefined while the first one is under way. */
  readonly lastFailure: () => ServerUnreachableError | undefined;
  readonly notice: (fact: { readonly why: string; readonly until: number }) => void;
}

/** @throws ServerUnreachableError once it has given up, and whatever the asking throws */
export async function firstResponse<T>(ask: () => Promise<T>, rules: FirstResponseRules): Promise<T> {
  const { clock, server, giveUpMs, triesMs, lastFailure, notice } = rules;
  const startedAt = clock.now();
  const answered = new AbortController();
  const quiet = clock.sleep(QUIET_MS, answered.signal).then(() => {
    const why = lastFailure()?.message ?? `no answer from ${server} yet`;
    notice({ why, until: startedAt + (giveUpMs ?? triesMs) });
  });
  const tooLate =
    giveUpMs === undefined
      ? undefined
      : clock.sleep(giveUpMs, answered.signal).then(() => {
          const why = lastFailure()?.message ?? `no answer from ${server}`;
          throw new ServerUnreachableError(`${why}; given up after ${Math.round(giveUpMs / 1000)} s`, false);
        });
  // Both end with the answer, by the abort.
  quiet.catch(() => undefined);
  tooLate?.catch(() => undefined);
  const asked = ask();
  // Who gave up closes the client, which ends this too.
  asked.catch(() => undefined);
  try {
    return await (tooLate === undefined ? asked : Promise.race([asked, tooLate]));
  } finally {
    answered.abort();
  }
}
