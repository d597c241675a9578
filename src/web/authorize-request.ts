// Who gets a response: requests with the token, for a host name of this server. Pure but for its random token.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

export interface Access {
  /** The cookie that a browser gets for the token. It does not contain the token. */
  readonly cookie: { readonly name: string; readonly value: string };
  isToken(text: string): boolean;
  /** Whether the request has the token, as `Authorization: Bearer` or as the cookie. */
  isAuthorized(headers: Headers): boolean;
  isOwnHost(host: string | undefined): boolean;
}

interface Headers {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** @param hosts the names by which this server is reached; addresses and `localhost` always are */
export function createAccess(token: string, hosts: readonly string[]): Access {
  const known = new Set(['localhost', ...hosts.map((host) => host.toLowerCase())]);
  // Cookies are shared by all ports of a host: several daemons may be open in one browser.
  const name = `clearml_slurm_${digest(token).toString('hex').slice(0, 8)}`;
  const value = digest(`cookie of ${token}`).toString('base64url');
  const isToken = (text: string): boolean => timingSafeEqual(digest(text), digest(token));

  return {
    cookie: { name, value },
    isToken,
    isAuthorized({ authorization, cookie }) {
      const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
      if (bearer !== undefined) return isToken(bearer);
      const given = (cookie ?? '').split(/; */).find((part) => part.startsWith(`${name}=`));
      return given !== undefined && timingSafeEqual(digest(given.slice(name.length + 1)), digest(value));
    },
    isOwnHost: (host) => isOwnHost(host, known),
  };
}

/** A foreign name that resolves to this address is an attack on the browser (DNS rebinding); an address needs no resolution. */
export function isOwnHost(host: string | undefined, known: ReadonlySet<string> = new Set(['localhost'])): boolean {
  const [, bracketed, named = ''] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host ?? '') ?? [];
  return bracketed !== undefined ? isIP(bracketed) === 6 : isIP(named) === 4 || known.has(named.toLowerCase());
}

/** Digests have one length, which timingSafeEqual requires. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
