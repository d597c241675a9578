// Creates the client of one ClearML server, which logs in for the first time and refuses a server that is too old.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { Secrets } from '../log/redact-secrets.ts';
import type { ServerRateLimit } from './connection/server-rate-limit.ts';
import type { ClearmlClient, ServerFacts } from './client.ts';
import { ServerUnusableError, type ServerUnreachableError, NotTheApiError, ServerTooOldError } from './errors.ts';
import { createEvents } from './console-events.ts';
import { redactedEvents, redactedTasks } from './redact-secrets-in-tasks.ts';
import { createApiRequest } from './connection/api-request.ts';
import { createHttp } from './connection/http-request.ts';
import { createReportUnreadable } from './unreadable-entries.ts';
import { createPeople } from './read-users-and-projects.ts';
import { createQueues } from './queues.ts';
import { createSession, type Session } from './connection/session.ts';
import { DEFAULT_TIMEOUTS, type ConnectionSettings, type Timeouts } from './connection/connection-settings.ts';
import { createTasks } from './change-tasks.ts';
import { createWorkers } from './workers.ts';
import type { Token } from './connection/login-token.ts';

export interface ClearmlClientDeps {
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: Secrets;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Counts the calls. Without it they are not limited, as those of a user at a terminal. */
  readonly rateLimit?: ServerRateLimit | undefined;
  /** Called for each attempt without a response. */
  readonly onNoAnswer?: ((error: ServerUnreachableError) => void) | undefined;
}

/**
 * One for all clients: the stack of an error keeps the functions that were running, and all that they refer to. In a daemon that reloads,
 * these are the next client, so that each closed client would keep all later ones.
 */
const CLOSED = new Error('the ClearML client was closed');

/**
 * Creates a client without calling the server. The first call logs in; `connect` also checks the server.
 * @throws ServerUnusableError if the server's or a proxy's URL is invalid, or the CA file is unreadable
 */
export function createClearmlClient(deps: ClearmlClientDeps): ClearmlClient {
  const { clock, log, secrets } = deps;
  hideSecrets(deps.settings, secrets);
  const settings = { ...deps.settings, apiServer: parseApiServer(deps.settings.apiServer) };
  const timeouts = { ...DEFAULT_TIMEOUTS, ...deps.timeouts };
  const end = new AbortController();
  const { signal } = end;
  // Every running call listens to it, and Node warns of more than ten listeners.
  setMaxListeners(0, signal);
  const http = createHttp(settings);
  const { apiServer } = settings;
  const request = createApiRequest({ http, clock, apiServer, secrets, timeoutMs: timeouts.attemptMs, signal });
  const session = createSession({ ...deps, request, settings, timeouts, signal });

  const reportUnreadable = createReportUnreadable(log, clock);

  return {
    queues: createQueues(session, log, reportUnreadable),
    tasks: redactedTasks(createTasks(session, reportUnreadable), secrets),
    events: redactedEvents(createEvents(session, { clock, log, reportUnreadable, signal }), secrets),
    workers: createWorkers(session, clock, reportUnreadable),
    people: createPeople(session),
    connect: () => connect(session),
    async close() {
      end.abort(CLOSED);
      await http.close();
    },
  };
}

/** Strips a trailing slash, and a user and password: the API ignores them, and messages would show them. */
function parseApiServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const shown = text.replace(/^(.*\/\/)?[^@]*@/, '');
    throw new ServerUnusableError(
      `api.api_server is ${JSON.stringify(shown)}, which is not a URL: write http://host:8008 or https://host`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function hideSecrets(settings: ConnectionSettings, secrets: Secrets): void {
  const { apiServer, accessKey, secretKey, authToken, httpProxy, httpsProxy } = settings;
  for (const value of [secretKey, authToken]) if (value !== undefined) secrets.add(value);
  // The Authorization header holds this text in base64.
  if (accessKey !== undefined && secretKey !== undefined) secrets.add(`${accessKey}:${secretKey}`);
  for (const address of [apiServer, httpProxy, httpsProxy]) {
    const password = /^(?:.*\/\/)?[^/@:]*:([^/@]*)@/.exec(address ?? '')?.[1];
    if (password !== undefined) secrets.add(password);
  }
}

/** Server 1.17: `queues.add_task` without changing the task, and enqueueing a queued task. */
const OLDEST_API = '2.31';

/** Logs in for the first time and refuses a server that is too old. @throws ServerUnusableError, CredentialsRejectedError, ServerUnreachableError */
async function connect(session: Session): Promise<ServerFacts> {
  const token = await logIn(session);
  if (!isAtLeast(token.apiVersion, OLDEST_API)) {
    throw new ServerTooOldError(
      `${session.apiServer} is ClearML server ${token.serverVersion || 'of an unknown version'} with API ${token.apiVersion || 'of an unknown version'}, ` +
        `which is too old: parking tasks needs server 1.17 (API ${OLDEST_API}) or later; upgrade the server`,
    );
  }
  const { apiVersion, serverVersion, user, serverAheadMs } = token;
  return { apiServer: session.apiServer, apiVersion, serverVersion, user, serverAheadMs };
}

async function logIn(session: Session): Promise<Token> {
  try {
    return await session.login();
  } catch (error) {
    if (error instanceof NotTheApiError) throw new ServerUnusableError(error.message, { cause: error });
    throw error;
  }
}

/** Compares versions such as `2.9` and `2.31`, which is newer. */
function isAtLeast(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
