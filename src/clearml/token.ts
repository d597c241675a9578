// What a ClearML token says about itself: whose it is, when to renew it, and which server made it. Pure.
import * as z from 'zod';

export interface Token {
  readonly text: string;
  /** Milliseconds since 1970; Infinity for a token without an end. */
  readonly renewAt: number;
  readonly user: string;
  /** e.g. `2.31`; empty when the token doesn't say. */
  readonly apiVersion: string;
  readonly serverVersion: string;
  /** How far the server's clock was ahead of ours when it made the token, to the second; undefined when the token doesn't say. */
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

const LONGEST_MARGIN_MS = 5 * 60_000;

/** Web servers take no longer line in a request (nginx, large_client_header_buffers); a real one has some 500 characters. */
const LONGEST = 8_000;

/**
 * Reads the claims of a JSON web token; the signature is the server's business. Undefined for a text that is no such token, or one too
 * long to call with.
 * @param receivedAt when it was received, milliseconds since 1970
 */
export function readToken(text: string, receivedAt: number): Token | undefined {
  if (text.length > LONGEST) return undefined;
  const claims = Claims.safeParse(readPayload(text));
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

/** Counts the token's life from our own clock, so that it doesn't matter when the server's is an hour off. */
function renewalOf(endAt: number, startAt: number, receivedAt: number): number {
  const lifeMs = endAt - startAt;
  return receivedAt + lifeMs - Math.min(LONGEST_MARGIN_MS, lifeMs / 10);
}

function readPayload(text: string): unknown {
  const [, payload, signature] = text.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
