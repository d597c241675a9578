// Sends one API request, and returns the response's data or throws the error of its class.
import type { Clock } from '../../base/clock.ts';
import type { Secrets } from '../../log/redact-secrets.ts';
import { classifyFailure, classifyReply, formatWrongAddress } from './classify-response.ts';
import { limitsOf } from './response-limits.ts';
import {
  ResponseTooLargeError,
  CredentialsRejectedError,
  LostRaceError,
  NotTheApiError,
  ServerBusyError,
  ServerRefusedError,
  ServerUnreachableError,
} from '../errors.ts';
import { BEYOND_LIMITS, HttpError, type Http, type HttpReply } from './http-request.ts';

/** An array is sent as JSON lines, for the batch endpoints. */
export type Body = object | readonly object[];

/**
 * Sends once and returns the `data` of the response.
 * @throws ServerUnreachableError, TokenRejectedError, NotTheApiError, ServerRefusedError, LostRaceError, CredentialsRejectedError; the signal's reason
 */
export type ApiRequest = (endpoint: string, body: Body, authorization: string) => Promise<unknown>;

/** Thrown when the token is invalid or expired: the server did nothing, so the call may be repeated with a new one. */
export class TokenRejectedError extends ServerUnreachableError {
  override readonly name: string = 'TokenRejectedError';
}

interface ApiRequestDeps {
  readonly http: Http;
  readonly clock: Clock;
  readonly apiServer: string;
  readonly secrets: Secrets;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function createApiRequest({ http, clock, apiServer, secrets, timeoutMs, signal }: ApiRequestDeps): ApiRequest {
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
      const mayHaveHappened = error.sent && fault.neverProcessed !== true;
      throw new Unreachable(describe(endpoint, fault.message), mayHaveHappened, { cause: error });
    }
  }

  function describe(endpoint: string, message: string): string {
    return secrets.redact(formatNoResponse(apiServer, endpoint, message));
  }

  return async (endpoint, body, authorization) => {
    const reply = await post(endpoint, body, authorization);
    const result = classifyReply(reply.status, reply.text);
    switch (result.kind) {
      case 'data':
        return result.data;
      case 'busy':
        throw new ServerBusyError(
          describe(endpoint, result.reason),
          result.mayHaveHappened,
          parseRetryAfter(reply.retryAfter, clock.now()),
        );
      case 'unreachable':
        throw new ServerUnreachableError(describe(endpoint, result.reason), result.mayHaveHappened);
      case 'not-the-api':
        throw new NotTheApiError(
          secrets.redact(formatWrongAddress(apiServer, endpoint, reply)),
          result.mayHaveHappened,
        );
      case 'token-refused':
        throw new TokenRejectedError(describe(endpoint, `the server rejects the token (${result.reason})`), false);
      case 'credentials-refused':
        throw new CredentialsRejectedError(
          secrets.redact(
            `${apiServer} rejects the credentials (${result.reason}): ` +
              'create new ones in the ClearML web page (Settings, Workspace) and write them to api.credentials in clearml.conf',
          ),
        );
      case 'lost-race':
      case 'refused': {
        const Refusal = result.kind === 'lost-race' ? LostRaceError : ServerRefusedError;
        const { code, subcode, reason } = result;
        const message = secrets.redact(`ClearML refused ${endpoint}: ${reason} (${code}/${subcode})`);
        throw new Refusal(message, endpoint, code, subcode);
      }
    }
  };
}

/** Milliseconds, from the seconds or the date of a `Retry-After` header. */
function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The message for every call without a usable response. */
export function formatNoResponse(apiServer: string, endpoint: string, message: string): string {
  return `no usable response from ${apiServer} to ${endpoint}: ${message}`;
}

function formatContentType(body: Body): string {
  // The server reads JSON lines only for exactly this type, without a charset.
  return Array.isArray(body) ? 'application/json-lines' : 'application/json';
}

function formatBody(body: Body): string {
  return Array.isArray(body) ? body.map(formatJson).join('\n') : formatJson(body);
}

const HALF_CHARACTER = /\\ud[89a-f]/;

/**
 * Half of a surrogate pair, with which a truncated text may end, becomes U+FFFD: the server cannot store it (BSON is UTF-8), so that the
 * status change of a task would fail each time.
 */
function formatJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!HALF_CHARACTER.test(text)) return text;
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? inner.toWellFormed() : inner));
}
