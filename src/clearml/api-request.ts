// One request to one endpoint: either the answer's data, or the error that says what its lack means.
import type { Secrets } from '../log/secrets.ts';
import { classifyFailure, classifyReply } from './classify.ts';
import { limitsOf } from './response-limits.ts';
import {
  ResponseTooLargeError,
  CredentialsRejectedError,
  LostRaceError,
  NotTheApiError,
  ServerRefusedError,
  ServerUnreachableError,
} from './errors.ts';
import { BEYOND_LIMITS, HttpError, type Http, type HttpReply } from './http.ts';
import { formatWrongAddress } from './wrong-address.ts';

/** An array goes out as JSON lines, for the batch endpoints. */
export type Body = object | readonly object[];

/**
 * Sends once and gives the answer's `data`.
 * @throws ServerUnreachableError, TokenRejectedError, NotTheApiError, ServerRefusedError, LostRaceError, CredentialsRejectedError; the signal's reason
 */
export type ApiRequest = (endpoint: string, body: Body, authorization: string) => Promise<unknown>;

/** Thrown when the token of a call is not, or no longer, good: the server did nothing, so the call may go again with another. */
export class TokenRejectedError extends ServerUnreachableError {
  override readonly name: string = 'TokenRejectedError';
}

interface ExchangeDeps {
  readonly http: Http;
  readonly apiServer: string;
  readonly secrets: Secrets;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function createApiRequest({ http, apiServer, secrets, timeoutMs, signal }: ExchangeDeps): ApiRequest {
  async function post(endpoint: string, body: Body, authorization: string): Promise<HttpReply> {
    const url = `${apiServer}/${endpoint}`;
    const headers = { authorization, 'content-type': formatContentType(body) };
    try {
      return await http.post({ url, headers, body: formatBody(body), timeoutMs, limits: limitsOf(endpoint), signal });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (error.code === BEYOND_LIMITS)
        throw new ResponseTooLargeError(describe(endpoint, error.message), true, { cause: error });
      const fault = classifyFailure(error.code, error.message);
      const Unreachable = fault.untrusted === true ? NotTheApiError : ServerUnreachableError;
      const mayHaveHappened = error.sent && fault.neverTaken !== true;
      throw new Unreachable(describe(endpoint, fault.words), mayHaveHappened, { cause: error });
    }
  }

  function describe(endpoint: string, words: string): string {
    return secrets.redact(formatNoResponse(apiServer, endpoint, words));
  }

  return async (endpoint, body, authorization) => {
    const reply = await post(endpoint, body, authorization);
    const verdict = classifyReply(reply.status, reply.text);
    switch (verdict.kind) {
      case 'data':
        return verdict.data;
      case 'unreachable':
        throw new ServerUnreachableError(describe(endpoint, verdict.reason), verdict.mayHaveHappened);
      case 'not-the-api':
        throw new NotTheApiError(
          secrets.redact(formatWrongAddress(apiServer, endpoint, reply)),
          verdict.mayHaveHappened,
        );
      case 'token-refused':
        throw new TokenRejectedError(describe(endpoint, `it refuses the token (${verdict.reason})`), false);
      case 'credentials-refused':
        throw new CredentialsRejectedError(
          secrets.redact(
            `${apiServer} does not accept our credentials (${verdict.reason}): ` +
              "make new ones on ClearML's web page (Settings, Workspace) and write them into api.credentials of clearml.conf",
          ),
        );
      case 'lost-race':
      case 'refused': {
        const Refusal = verdict.kind === 'lost-race' ? LostRaceError : ServerRefusedError;
        const { code, subcode, reason } = verdict;
        const message = secrets.redact(`ClearML refused ${endpoint}: ${reason} (${code}/${subcode})`);
        throw new Refusal(message, endpoint, code, subcode);
      }
    }
  };
}

/** The sentence for every call that brought no answer which we can use. */
export function formatNoResponse(apiServer: string, endpoint: string, words: string): string {
  return `no usable answer from ${apiServer} to ${endpoint}: ${words}`;
}

function formatContentType(body: Body): string {
  // Exactly this text, without a charset, is what makes the server read lines.
  return Array.isArray(body) ? 'application/json-lines' : 'application/json';
}

function formatBody(body: Body): string {
  return Array.isArray(body) ? body.map((line) => JSON.stringify(line)).join('\n') : JSON.stringify(body);
}
