// One API call: log in when needed, send, judge the answer, try again where that is safe.
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { Secrets } from '../log/secrets.ts';
import { judgeFailure, judgeReply } from './classify.ts';
import { CredentialsRefused, LostRace, NotTheApi, ServerRefused, ServerUnreachable } from './errors.ts';
import { HttpFailure, type Http, type HttpReply } from './http.ts';
import { createLogin } from './login.ts';
import { retry } from './retry.ts';
import type { ApiSettings, Patience } from './settings.ts';
import type { Token } from './token.ts';
import { formatWrongAddress } from './wrong-address.ts';

export interface CallRules<Shape extends z.ZodType> {
  /** What we read of the answer's `data`. */
  readonly shape: Shape;
  /** False: after an attempt that the server may have carried out there is no other. */
  readonly idempotent: boolean;
}

export interface Session {
  /** The server's address as people may see it. */
  readonly apiServer: string;
  /** Logs in, unless that was done. @throws ServerUnreachable, CredentialsRefused */
  login(): Promise<Token>;
  /**
   * One call, e.g. `tasks.get_by_id`. An array as body goes out as JSON lines, for the batch endpoints.
   * @throws ServerUnreachable, ServerRefused, LostRace, CredentialsRefused; the signal's reason once that is aborted
   */
  call<Shape extends z.ZodType>(
    endpoint: string,
    body: object | readonly object[],
    rules: CallRules<Shape>,
  ): Promise<z.infer<Shape>>;
  /** Cuts what is under way. */
  close(): Promise<void>;
}

export interface SessionDeps {
  readonly http: Http;
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secrets: Secrets;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

/** Thrown inside this file when a call's token is no longer good: the server did nothing, so the call may go again. */
class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

const LoginAnswer = z.object({ token: z.string() });

export function createSession({ http, settings, clock, log, secrets, patience, signal }: SessionDeps): Session {
  const apiServer = settings.apiServer;
  const loggedIn = createLogin({ settings, clock, secrets, askForToken });

  /** One request and its answer's `data`. */
  async function exchange(endpoint: string, body: object | readonly object[], authorization: string): Promise<unknown> {
    const reply = await post(endpoint, body, authorization);
    const verdict = judgeReply(reply.status, reply.text);
    switch (verdict.kind) {
      case 'data':
        return verdict.data;
      case 'unreachable':
        throw new ServerUnreachable(describe(endpoint, verdict.reason), verdict.mayHaveHappened);
      case 'not-the-api':
        throw new NotTheApi(secrets.redact(formatWrongAddress(apiServer, endpoint, reply)), verdict.mayHaveHappened);
      case 'token-refused':
        throw new TokenRefused(secrets.redact(verdict.reason));
      case 'credentials-refused':
        throw new CredentialsRefused(
          secrets.redact(
            `${apiServer} does not accept our credentials (${verdict.reason}): ` +
              "make new ones on ClearML's web page (Settings, Workspace) and write them into api.credentials of clearml.conf",
          ),
        );
      case 'lost-race':
      case 'refused': {
        const Refusal = verdict.kind === 'lost-race' ? LostRace : ServerRefused;
        const { code, subcode, reason } = verdict;
        const message = secrets.redact(`ClearML refused ${endpoint}: ${reason} (${code}/${subcode})`);
        throw new Refusal(message, endpoint, code, subcode);
      }
    }
  }

  async function post(endpoint: string, body: object | readonly object[], authorization: string): Promise<HttpReply> {
    try {
      return await http.post({
        url: `${apiServer}/${endpoint}`,
        headers: { authorization, ...formatContentType(body) },
        body: formatBody(body),
        timeoutMs: patience.attemptMs,
        signal,
      });
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      const fault = judgeFailure(error.code, error.message);
      const Unreachable = fault.untrusted === true ? NotTheApi : ServerUnreachable;
      throw new Unreachable(describe(endpoint, fault.words), error.sent && fault.neverTaken !== true, { cause: error });
    }
  }

  async function askForToken(authorization: string): Promise<string> {
    try {
      return readAnswer('auth.login', await exchange('auth.login', {}, authorization), LoginAnswer).token;
    } catch (error) {
      if (error instanceof TokenRefused) {
        throw new CredentialsRefused(
          `${apiServer} does not accept the token we log in with (${error.message}): ` +
            'put a new one into CLEARML_AUTH_TOKEN, or use an access key and a secret key',
        );
      }
      // Whatever became of the login, the call that needed it was not made.
      if (error instanceof NotTheApi) throw new NotTheApi(error.message, false, { cause: error.cause });
      if (error instanceof ServerUnreachable) throw new ServerUnreachable(error.message, false, { cause: error.cause });
      throw error;
    }
  }

  async function attempt(endpoint: string, body: object | readonly object[]): Promise<unknown> {
    const token = await loggedIn.token();
    try {
      return await exchange(endpoint, body, `Bearer ${token.text}`);
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      loggedIn.forget(token);
    }
    const fresh = await loggedIn.token();
    try {
      return await exchange(endpoint, body, `Bearer ${fresh.text}`);
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      loggedIn.forget(fresh);
      throw new ServerUnreachable(
        describe(endpoint, `it refuses the token that it just gave us (${error.message})`),
        false,
      );
    }
  }

  function readAnswer<Shape extends z.ZodType>(endpoint: string, data: unknown, shape: Shape): z.infer<Shape> {
    const answer = shape.safeParse(data);
    if (answer.success) return answer.data;
    throw new ServerUnreachable(
      describe(endpoint, `its answer is of another form:\n${z.prettifyError(answer.error)}`),
      true,
    );
  }

  function describe(endpoint: string, words: string): string {
    return secrets.redact(`no usable answer from ${apiServer} to ${endpoint}: ${words}`);
  }

  function persist<T>(endpoint: string, idempotent: boolean, once: () => Promise<T>): Promise<T> {
    return retry(once, {
      idempotent,
      patience,
      signal,
      onFailure(err, attemptNumber) {
        log.debug('A call to ClearML failed', { endpoint, attempt: attemptNumber, err });
      },
    });
  }

  return {
    apiServer,
    login: () => persist('auth.login', true, () => loggedIn.token()),
    call: (endpoint, body, { shape, idempotent }) =>
      persist(endpoint, idempotent, async () => readAnswer(endpoint, await attempt(endpoint, body), shape)),
    close: () => http.close(),
  };
}

function formatContentType(body: object): Record<string, string> {
  // Exactly this text, without a charset, is what makes the server read lines.
  return { 'content-type': Array.isArray(body) ? 'application/json-lines' : 'application/json' };
}

function formatBody(body: object): string {
  return Array.isArray(body) ? body.map((line) => JSON.stringify(line)).join('\n') : JSON.stringify(body);
}
