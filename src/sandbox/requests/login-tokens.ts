// Login tokens: real JWTs, because clients read their claims. Only the sandbox checks the signature.
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { randomId } from '../store/random-id.ts';
import type { Caller } from './endpoint.ts';
import type { SandboxSettings } from '../store/documents.ts';

/** The version of the real server from whose source the rules are taken. */
export const SERVER_VERSION = '2.3.0';
export const API_VERSION = '2.34';

const claims = z.looseObject({
  exp: z.number(),
  generation: z.number(),
  identity: z.looseObject({ user: z.string() }),
});

/** A token that expires after this many seconds. */
export function makeToken(
  settings: SandboxSettings,
  nowAt: number,
  lifeSeconds: number,
  { user, userName }: Pick<Caller, 'user' | 'userName'>,
): string {
  const issuedAt = Math.floor(nowAt / 1000);
  const payload = {
    exp: issuedAt + lifeSeconds,
    iat: issuedAt,
    session_id: randomId(),
    auth_type: 'Bearer',
    env: '<unknown>',
    generation: settings.tokenGeneration,
    identity: {
      user,
      company: settings.company,
      role: 'user',
      user_name: userName,
      company_name: 'sandbox',
    },
    api_version: API_VERSION,
    server_version: SERVER_VERSION,
    server_build: 'sandbox',
    feature_set: 'basic',
  };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${signed}.${sign(signed, settings.signingKey)}`;
}

/** Why the token is invalid, as the message of the real server, or undefined if it is valid. */
export function findTokenError(settings: SandboxSettings, nowAt: number, token: string): string | undefined {
  const [header, payload, signature, ...rest] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    return 'Not enough segments';
  }
  if (!isSame(signature, sign(`${header}.${payload}`, settings.signingKey))) return 'Signature verification failed';
  const parsed = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  const isOver = parsed.exp * 1000 <= nowAt || parsed.generation !== settings.tokenGeneration;
  return isOver ? 'Signature has expired' : undefined;
}

/** The user of a valid token. */
export function userOfToken(token: string): string {
  const [, payload = ''] = token.split('.');
  return claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString())).identity.user;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function sign(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function isSame(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
