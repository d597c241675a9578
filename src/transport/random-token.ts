// Tokens by which our own words are told from whatever else comes over a wire.
import { randomBytes } from 'node:crypto';

/** 24 digits and lower-case letters that nobody can guess and no shell changes. */
export function randomToken(): string {
  return randomBytes(12).toString('hex');
}
