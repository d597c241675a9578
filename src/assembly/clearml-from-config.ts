// Creates the client of the ClearML server in the configuration.
import { capitalized } from '../base/terminal-text.ts';
import { systemClock } from '../base/clock.ts';
import type { ServerRateLimit } from '../clearml/connection/server-rate-limit.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import { createClearmlClient } from '../clearml/create-client.ts';
import type { ServerUnreachableError } from '../clearml/errors.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../clearml/connection/connection-settings.ts';
import { connectionOf } from '../config/require-credentials.ts';
import { firstResponse } from './wait-for-first-response.ts';
import type { App } from './app.ts';

/** How long a user at a terminal waits for the first response. */
const USER_TIMEOUT_MS = 10_000;

interface Options {
  readonly timeouts?: Partial<Timeouts>;
  /** A daemon retries as long as the client does; a user waits less. */
  readonly isDaemon?: boolean;
  readonly rateLimit?: ServerRateLimit | undefined;
}

/** Sends no request yet. `connect` reports why the first response takes long. */
export function createClearml(app: App, { timeouts, isDaemon = false, rateLimit }: Options = {}): ClearmlClient {
  const { config, log, secrets, context } = app;
  let last: ServerUnreachableError | undefined;
  const settings = connectionOf(config);
  const client = createClearmlClient({
    settings,
    clock: systemClock,
    log,
    secrets,
    timeouts,
    rateLimit,
    onNoAnswer: (error) => (last = error),
  });
  return {
    ...client,
    connect: () =>
      firstResponse(() => client.connect(), {
        clock: systemClock,
        server: settings.apiServer,
        giveUpMs: isDaemon ? undefined : USER_TIMEOUT_MS,
        triesMs: timeouts?.retryMs ?? DEFAULT_TIMEOUTS.retryMs,
        lastFailure: () => last,
        notice({ why, until }) {
          const time = new Date(until).toISOString();
          if (isDaemon) log.warn('ClearML server does not respond; retrying', { until: time, why });
          else {
            context.stderr(`${capitalized(why)}. Retrying until ${time.slice(11, 19)} UTC; press Ctrl-C to stop.\n`);
          }
        },
      }),
  };
}

/** Connects for the time of this work. @throws the errors of the client and of the work */
export async function withClearml<Result>(
  app: App,
  work: (clearml: ClearmlClient, server: ServerFacts) => Promise<Result>,
  options?: Options,
): Promise<Result> {
  const clearml = createClearml(app, options);
  try {
    return await work(clearml, await clearml.connect());
  } finally {
    await clearml.close();
  }
}
