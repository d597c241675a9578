// The token of all calls: one login for all callers, renewed before it expires or when the server rejects it.
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { Secrets } from '../../log/redact-secrets.ts';
import { CredentialsRejectedError, NotTheApiError } from '../errors.ts';
import type { ConnectionSettings } from './connection-settings.ts';

export interface Login {
  /** A valid token. Logs in if there is none, or if it expires soon. */
  token(): Promise<Token>;
  /** Reports that the server rejected this token. Does nothing if a newer one has replaced it. */
  forget(token: Token): void;
}

interface LoginDeps {
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Calls `auth.login` with this Authorization header and returns the token. */
  readonly requestToken: (authorization: string) => Promise<string>;
}

export function createLogin({ settings, clock, secrets, requestToken }: LoginDeps): Login {
  let held: Token | undefined;
  let pending: Promise<Token> | undefined;

  async function logIn(): Promise<Token> {
    try {
      const text = await requestToken(formatAuthorization(settings, held));
      const token = parseToken(text, clock.now());
      if (token === undefined) throw new NotTheApiError('the response to auth.login has no readable token', false);
      secrets.addPassing(text);
      held = token;
      return token;
    } catch (error) {
      if (error instanceof CredentialsRejectedError) held = undefined;
      throw error;
    }
  }

  return {
    token() {
      if (pending !== undefined) return pending;
      if (held !== undefined && clock.now() < held.renewAt) return Promise.resolve(held);
      pending = logIn().finally(() => {
        pending = undefined;
      });
      return pending;
    },

    forget(token) {
      if (held === token) held = undefined;
    },
  };
}

/**
 * The header for the login. A configured token is renewed with the current one, which expires later.
 * @throws CredentialsRejectedError without any credentials
 */
function formatAuthorization({ authToken, accessKey, secretKey }: ConnectionSettings, held: Token | undefined): string {
  if (authToken !== undefined) return `Bearer ${held?.text ?? authToken}`;
  if (accessKey === undefined || secretKey === undefined) {
    throw new CredentialsRejectedError(
      'no ClearML credentials: create them in the web page (Settings, Workspace) and write them to api.credentials in ' +
        'clearml.conf, or set CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY',
    );
  }
  return `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`;
}

export interface Token {
  readonly text: string;
  /** Milliseconds since 1970; Infinity for a token that does not expire. */
  readonly renewAt: number;
  readonly user: string;
  /** e.g. `2.31`; empty if unknown. */
  readonly apiVersion: string;
  readonly serverVersion: string;
  /** How far the server's clock was ahead of ours when it issued the token, to the second; undefined if unknown. */
  readonly serverAheadMs: number | undefined;
}

const Claims = z.object({
  /** Seconds since 1970, by the server's clock. */
  exp: z.number().optional(),
  iat: z.number().optional(),
  identity: z.object({ user: z.string().catch('') }).catch({ user: '' }),
  api_version: z.string().catch(''),
  server_version: z.string().catch(''),
});

const MAX_MARGIN_MS = 5 * 60_000;

/** Web servers accept no longer header line (nginx, large_client_header_buffers); a real token has about 500 characters. */
const MAX_LENGTH = 8_000;

/**
 * Reads the claims of a JSON web token without checking its signature. Undefined for any other text, and for a token too long to send.
 * @param receivedAt milliseconds since 1970
 */
export function parseToken(text: string, receivedAt: number): Token | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const claims = Claims.safeParse(parsePayload(text));
  if (!claims.success) return undefined;
  const { exp, iat, identity, api_version, server_version } = claims.data;
  return {
    text,
    renewAt:
      exp === undefined ? Infinity : renewalOf(exp * 1000, iat === undefined ? receivedAt : iat * 1000, receivedAt),
    user: identity.user,
    apiVersion: api_version,
    serverVersion: server_version,
    serverAheadMs: iat === undefined ? undefined : iat * 1000 - Math.floor(receivedAt / 1000) * 1000,
  };
}

/** Counts the token's lifetime by our clock, so that an offset of the server's clock does not matter. */
function renewalOf(endAt: number, startAt: number, receivedAt: number): number {
  const lifeMs = endAt - startAt;
  return receivedAt + lifeMs - Math.min(MAX_MARGIN_MS, lifeMs / 10);
}

function parsePayload(text: string): unknown {
  const [, payload, signature] = text.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  return parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
}
