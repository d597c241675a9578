// Creates the client of the ClearML server in the configuration, and reports a slow first response.
import { capitalized } from '../base/terminal-text.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import type { ServerRateLimit } from '../clearml/connection/server-rate-limit.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import { createClearmlClient } from '../clearml/create-client.ts';
import { ServerUnreachableError } from '../clearml/errors.ts';
import { DEFAULT_TIMEOUTS, type ConnectionSettings, type Timeouts } from '../clearml/connection/connection-settings.ts';
import type { App } from './app.ts';
import { NoCredentialsError } from '../config/errors.ts';
import type { Config } from '../config/load-config.ts';

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
        stop: context.stop,
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

const QUIET_MS = 3_000;

interface FirstResponseRules {
  readonly clock: Clock;
  /** Ends the wait, as by Ctrl-C. */
  readonly stop: AbortSignal;
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

/** Waits for the first response, and reports the wait after a few seconds. @throws ServerUnreachableError after the timeout, the reason of the stop, and what the request throws */
export async function firstResponse<T>(ask: () => Promise<T>, rules: FirstResponseRules): Promise<T> {
  const { clock, stop, server, giveUpMs, triesMs, lastFailure, notice } = rules;
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
  // After the timeout or a stop, the caller closes the client, which rejects this.
  asked.catch(() => undefined);
  const stopped = new Promise<never>((_, reject) => {
    const end = (): void => {
      reject(stop.reason as Error);
    };
    // After an earlier stop, a server that responds is still connected to: the caller ends by itself.
    if (stop.aborted) clock.sleep(QUIET_MS, answered.signal).then(end, () => undefined);
    else stop.addEventListener('abort', end, { signal: answered.signal });
  });
  try {
    return await Promise.race([asked, stopped, ...(tooLate === undefined ? [] : [tooLate])]);
  } finally {
    answered.abort();
  }
}

/** @throws NoCredentialsError when there is no server, or neither a pair of keys nor a token for it */
export function connectionOf({ settings, surroundings, files, missingFiles }: Config): ConnectionSettings {
  const { apiServer, accessKey, secretKey, authToken, verifyCertificate } = settings.api;
  const looked = [...files, ...missingFiles.map((file) => `${file} (missing)`)].join(', ');
  if (authToken === undefined && (accessKey === undefined || secretKey === undefined)) {
    const lacking = accessKey === undefined ? 'api.credentials.access_key' : 'api.credentials.secret_key';
    const variable = accessKey === undefined ? 'CLEARML_API_ACCESS_KEY' : 'CLEARML_API_SECRET_KEY';
    throw new NoCredentialsError(
      `No ClearML credentials: ${lacking} is neither in ${looked} nor in ${variable}. ` +
        'Create them in the web page (Settings > Workspace > Create new credentials) and put them into ~/clearml.conf.',
    );
  }
  if (apiServer === undefined) {
    throw new NoCredentialsError(
      `No ClearML server: api.api_server is neither in ${looked} nor in CLEARML_API_HOST. ` +
        'Set it to the URL of the API server, such as https://api.clear.ml or http://host:8008.',
    );
  }
  const { caFile, httpProxy, httpsProxy, noProxy } = surroundings;
  return { apiServer, accessKey, secretKey, authToken, verifyCertificate, caFile, httpProxy, httpsProxy, noProxy };
}
