// The client of the ClearML server that the configuration names.
import { systemClock } from '../base/clock.ts';
import type { ClearmlClient } from '../clearml/client.ts';
import { createClearmlClient } from '../clearml/create-client.ts';
import type { ServerUnreachableError } from '../clearml/errors.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../clearml/settings.ts';
import { connectionOf } from '../config/connection.ts';
import { firstResponse } from './first-response.ts';
import type { App } from './app.ts';

/** A person at a terminal waits for no longer, and then hears why. */
const PERSON_MS = 10_000;

interface Options {
  readonly timeouts?: Partial<Timeouts>;
  /** It goes on as long as the client tries; else a person waits for the answer. */
  readonly isDaemon?: boolean;
}

/** Nothing has been said to the server yet. Its `connect` tells what is in the way when it takes longer. */
export function createClearml(app: App, { timeouts, isDaemon = false }: Options = {}): ClearmlClient {
  const { config, log, secrets, context } = app;
  let last: ServerUnreachableError | undefined;
  const settings = connectionOf(config);
  const client = createClearmlClient({
    settings,
    clock: systemClock,
    log,
    secrets,
    timeouts,
    onNoAnswer: (error) => (last = error),
  });
  return {
    ...client,
    connect: () =>
      firstResponse(() => client.connect(), {
        clock: systemClock,
        server: settings.apiServer,
        giveUpMs: isDaemon ? undefined : PERSON_MS,
        triesMs: timeouts?.retryMs ?? DEFAULT_TIMEOUTS.retryMs,
        lastFailure: () => last,
        notice({ why, until }) {
          const time = new Date(until).toISOString();
          if (isDaemon) log.warn('The ClearML server does not answer; trying again', { until: time, why });
          else {
            const fact = why.charAt(0).toUpperCase() + why.slice(1);
            context.stderr(`${fact}. Trying again until ${time.slice(11, 19)} UTC; Ctrl-C ends this.\n`);
          }
        },
      }),
  };
}
