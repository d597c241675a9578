// Makes API calls: logs in when needed, retries where that is safe, and validates the response.
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../log/logger.ts';
import type { Secrets } from '../../log/redact-secrets.ts';
import type { ServerRateLimit } from './server-rate-limit.ts';
import {
  InvalidResponseError,
  CredentialsRejectedError,
  NotTheApiError,
  ServerBusyError,
  ServerUnreachableError,
} from '../errors.ts';
import { formatNoResponse, TokenRejectedError, type Body, type ApiRequest } from './api-request.ts';
import { type Token, createLogin } from './login-token.ts';
import { retry } from './retry.ts';
import type { ConnectionSettings, Timeouts } from './connection-settings.ts';

interface CallRules<Shape extends z.ZodType> {
  /** The expected `data` of the response. */
  readonly shape: Shape;
  /** False: no retry after an attempt that the server may have executed. */
  readonly idempotent: boolean;
  /** True: one attempt only, because the decision behind the call would be out of date for another. */
  readonly once?: boolean;
}

export interface Session {
  /** The server's URL without secrets. */
  readonly apiServer: string;
  /** Logs in unless there is a valid token. @throws ServerUnreachableError, CredentialsRejectedError */
  login(): Promise<Token>;
  /**
   * One call, e.g. `tasks.get_by_id`.
   * @throws ServerUnreachableError, ServerRefusedError, LostRaceError, CredentialsRejectedError; the signal's reason once that is aborted
   */
  call<Shape extends z.ZodType>(endpoint: string, body: Body, rules: CallRules<Shape>): Promise<z.infer<Shape>>;
}

interface SessionDeps {
  readonly request: ApiRequest;
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: Secrets;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
  readonly rateLimit?: ServerRateLimit | undefined;
  /** Called for each attempt without a response. */
  readonly onNoAnswer?: ((error: ServerUnreachableError) => void) | undefined;
}

/** Whether the call takes a time that depends on what it reads or writes. */
function isLong(endpoint: string): boolean {
  return endpoint.endsWith('.get_all') || endpoint === 'queues.get_by_id' || endpoint.startsWith('events.');
}

const LoginResponse = z.object({ token: z.string() });

export function createSession(deps: SessionDeps): Session {
  const { request, settings, clock, log, secrets, timeouts, signal, rateLimit, onNoAnswer } = deps;
  const { apiServer } = settings;
  const loggedIn = createLogin({ settings, clock, secrets, requestToken });

  async function requestToken(authorization: string): Promise<string> {
    try {
      return parseResult('auth.login', await request('auth.login', {}, authorization), LoginResponse).token;
    } catch (error) {
      if (error instanceof TokenRejectedError) {
        throw new CredentialsRejectedError(
          `${apiServer} rejects the login token: ` +
            'set a new one in CLEARML_AUTH_TOKEN, or use an access key and a secret key',
          { cause: error },
        );
      }
      // Whatever the outcome of the login, the call that needed it was not made.
      for (const Failure of [NotTheApiError, InvalidResponseError, ServerUnreachableError])
        if (error instanceof Failure) throw new Failure(error.message, false, { cause: error.cause });
      throw error;
    }
  }

  async function attempt(endpoint: string, body: Body): Promise<unknown> {
    const startedAt = clock.now();
    rateLimit?.started(endpoint);
    try {
      const data = await send(endpoint, body);
      rateLimit?.answered(isLong(endpoint) ? undefined : clock.now() - startedAt);
      return data;
    } catch (error) {
      if (error instanceof ServerBusyError) rateLimit?.refused(error.retryAfterMs);
      throw error;
    }
  }

  async function send(endpoint: string, body: Body): Promise<unknown> {
    const token = await loggedIn.token();
    try {
      return await request(endpoint, body, `Bearer ${token.text}`);
    } catch (error) {
      if (!(error instanceof TokenRejectedError)) throw error;
      loggedIn.forget(token);
    }
    const fresh = await loggedIn.token();
    return request(endpoint, body, `Bearer ${fresh.text}`);
  }

  function parseResult<Shape extends z.ZodType>(endpoint: string, data: unknown, shape: Shape): z.infer<Shape> {
    const result = shape.safeParse(data);
    if (result.success) return result.data;
    const message = `the format of the response is unexpected:\n${z.prettifyError(result.error)}`;
    throw new InvalidResponseError(secrets.redact(formatNoResponse(apiServer, endpoint, message)), true);
  }

  function withRetry<T>(
    endpoint: string,
    rules: Omit<CallRules<z.ZodType>, 'shape'>,
    tryOnce: () => Promise<T>,
  ): Promise<T> {
    return retry(tryOnce, {
      ...rules,
      timeouts,
      signal,
      onFailure(err, attemptNumber) {
        log.debug('ClearML call failed without a response', { endpoint, attempt: attemptNumber, err });
        onNoAnswer?.(err);
      },
    });
  }

  return {
    apiServer,
    login: () => withRetry('auth.login', { idempotent: true }, () => loggedIn.token()),
    call: (endpoint, body, { shape, ...rules }) =>
      withRetry(endpoint, rules, async () => parseResult(endpoint, await attempt(endpoint, body), shape)),
  };
}
