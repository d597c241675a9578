// Puts the client of one ClearML server together.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { Secrets } from '../log/secrets.ts';
import type { ClearmlClient } from './client.ts';
import { connect } from './connect.ts';
import { ServerUnusable } from './errors.ts';
import { createEvents } from './events.ts';
import { createHttp } from './http.ts';
import { createPeople } from './people.ts';
import { createQueues } from './queues.ts';
import { createSession } from './session.ts';
import { DEFAULT_PATIENCE, type ApiSettings, type Patience } from './settings.ts';
import { createTasks } from './tasks.ts';
import { createWorkers } from './workers.ts';

export interface ClearmlClientDeps {
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: Secrets;
  /** Cuts every call and every wait short; one that is still whole during a graceful end lets the last calls through. */
  readonly signal?: AbortSignal | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

/**
 * A client that has not spoken to the server yet. The first call logs in by itself; `connect` also checks the server.
 * @throws ServerUnusable when the server's or a proxy's address is none, or the CA file can't be read
 */
export function createClearmlClient({
  settings,
  clock,
  log,
  secrets,
  signal,
  patience,
}: ClearmlClientDeps): ClearmlClient {
  hideSecrets(settings, secrets);
  const session = createSession({
    http: createHttp(settings),
    settings: { ...settings, apiServer: readApiServer(settings.apiServer) },
    clock,
    log,
    secrets,
    patience: { ...DEFAULT_PATIENCE, ...patience },
    signal,
  });

  return {
    queues: createQueues(session, log),
    tasks: createTasks(session),
    events: createEvents(session, { clock, log }),
    workers: createWorkers(session, clock),
    people: createPeople(session),
    connect: () => connect(session),
    close: () => session.close(),
  };
}

/** Without a trailing slash, and without a name and password, which the API doesn't read and messages would show. */
function readApiServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ServerUnusable(
      `api.api_server is not an address: write http://host:8008 or https://host instead of ${text}`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function hideSecrets(
  { apiServer, accessKey, secretKey, authToken, httpProxy, httpsProxy }: ApiSettings,
  secrets: Secrets,
): void {
  for (const value of [secretKey, authToken]) if (value !== undefined) secrets.add(value);
  if (accessKey !== undefined && secretKey !== undefined) secrets.add(`${accessKey}:${secretKey}`);
  for (const address of [apiServer, httpProxy, httpsProxy]) {
    const password = /:\/\/[^/@]*?:([^/@]*)@/.exec(address ?? '')?.[1];
    if (password !== undefined) secrets.add(decodeURIComponent(password));
  }
}
