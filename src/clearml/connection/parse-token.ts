// Parses a ClearML token: its user, its expiry and the server's version. Pure.
import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';

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
