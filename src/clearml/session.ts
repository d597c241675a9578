// One API call for whoever needs one: logged in when it must be, tried again where that is safe, its answer checked.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { Secrets } from '../log/secrets.ts';
import { InvalidResponseError, CredentialsRejectedError, NotTheApiError, ServerUnreachableError } from './errors.ts';
import { formatNoResponse, TokenRejectedError, type Body, type ApiRequest } from './api-request.ts';
import { createLogin } from './login.ts';
import { retry } from './retry.ts';
import type { ApiSettings, Timeouts } from './settings.ts';
import type { Token } from './token.ts';

interface CallRules<Shape extends z.ZodType> {
  /** What we read of the answer's `data`. */
  readonly shape: Shape;
  /** False: after an attempt that the server may have carried out there is no other. */
  readonly idempotent: boolean;
  /** True: there is one attempt only, because the call follows from a reading that would be too old for another. */
  readonly once?: boolean;
}

export interface Session {
  /** The server's address as people may see it. */
  readonly apiServer: string;
  /** Logs in, unless that was done. @throws ServerUnreachableError, CredentialsRejectedError */
  login(): Promise<Token>;
  /**
   * One call, e.g. `tasks.get_by_id`.
   * @throws ServerUnreachableError, ServerRefusedError, LostRaceError, CredentialsRejectedError; the signal's reason once that is aborted
   */
  call<Shape extends z.ZodType>(endpoint: string, body: Body, rules: CallRules<Shape>): Promise<z.infer<Shape>>;
}

interface SessionDeps {
  readonly exchange: ApiRequest;
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: Secrets;
  readonly patience: Timeouts;
  readonly signal: AbortSignal;
  /** Told of each attempt that brought no answer. */
  readonly onNoAnswer?: ((error: ServerUnreachableError) => void) | undefined;
}

const LoginAnswer = z.object({ token: z.string() });

export function createSession(deps: SessionDeps): Session {
  const { exchange, settings, clock, log, secrets, patience, signal, onNoAnswer } = deps;
  const { apiServer } = settings;
  const loggedIn = createLogin({ settings, clock, secrets, askForToken });

  async function askForToken(authorization: string): Promise<string> {
    try {
      return readResult('auth.login', await exchange('auth.login', {}, authorization), LoginAnswer).token;
    } catch (error) {
      if (error instanceof TokenRejectedError) {
        throw new CredentialsRejectedError(
          `${apiServer} does not accept the token we log in with: ` +
            'put a new one into CLEARML_AUTH_TOKEN, or use an access key and a secret key',
          { cause: error },
        );
      }
      // Whatever became of the login, the call that needed it was not made.
      if (error instanceof NotTheApiError) throw new NotTheApiError(error.message, false, { cause: error.cause });
      if (error instanceof InvalidResponseError)
        throw new InvalidResponseError(error.message, false, { cause: error.cause });
      if (error instanceof ServerUnreachableError)
        throw new ServerUnreachableError(error.message, false, { cause: error.cause });
      throw error;
    }
  }

  async function attempt(endpoint: string, body: Body): Promise<unknown> {
    const token = await loggedIn.token();
    try {
      return await exchange(endpoint, body, `Bearer ${token.text}`);
    } catch (error) {
      if (!(error instanceof TokenRejectedError)) throw error;
      loggedIn.forget(token);
    }
    const fresh = await loggedIn.token();
    return exchange(endpoint, body, `Bearer ${fresh.text}`);
  }

  function readResult<Shape extends z.ZodType>(endpoint: string, data: unknown, shape: Shape): z.infer<Shape> {
    const answer = shape.safeParse(data);
    if (answer.success) return answer.data;
    const words = `it is of another form:\n${z.prettifyError(answer.error)}`;
    throw new InvalidResponseError(secrets.redact(formatNoResponse(apiServer, endpoint, words)), true);
  }

  function persist<T>(
    endpoint: string,
    rules: Omit<CallRules<z.ZodType>, 'shape'>,
    tryOnce: () => Promise<T>,
  ): Promise<T> {
    return retry(tryOnce, {
      ...rules,
      patience,
      signal,
      onFailure(err, attemptNumber) {
        log.debug('A call to ClearML brought no answer', { endpoint, attempt: attemptNumber, err });
        onNoAnswer?.(err);
      },
    });
  }

  return {
    apiServer,
    login: () => persist('auth.login', { idempotent: true }, () => loggedIn.token()),
    call: (endpoint, body, { shape, ...rules }) =>
      persist(endpoint, rules, async () => readResult(endpoint, await attempt(endpoint, body), shape)),
  };
}
