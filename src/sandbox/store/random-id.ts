// Identifiers as the server makes them.
import { randomBytes, randomUUID } from 'node:crypto';

/** 32 lower-case hex characters. */
export function randomId(): string {
  return randomUUID().replaceAll('-', '');
}

/** Letters and digits, as in an access key (20, upper case) or a secret key (48). */
export function randomKey(length: number): string {
  let key = '';
  while (key.length < length)
    key += randomBytes(length)
      .toString('base64')
      .replace(/[^A-Za-z0-9]/g, '');
  return key.slice(0, length);
}
