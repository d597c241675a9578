// Parses known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) and matches their entries with hosts. Pure.
import { createHmac } from 'node:crypto';
import type { HostKey } from '../ssh-target.ts';

/** One entry. */
export interface KnownHost {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** The first field: patterns with commas, or one hashed name. */
  readonly names: string;
  readonly key: HostKey;
}

const LINE = /^[ \t]*(?:@(\S+)[ \t]+)?(?![@#])(\S+)[ \t]+([!-~]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]|$)/;

/** The entries of a file. Like OpenSSH, it ignores an invalid line. */
export function parseKnownHosts(file: string, text: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((text, index): KnownHost[] => {
    const [, marker, names = '', type = '', base64 = ''] = LINE.exec(text) ?? [];
    if (names === '' || !(marker === undefined || marker === 'revoked' || marker === 'cert-authority')) return [];
    const blob = Buffer.from(base64, 'base64');
    return keyType(blob) === type ? [{ file, line: index + 1, marker, names, key: { type, blob } }] : [];
  });
}

/** The type at the start of an encoded key; undefined if it is not a key (RFC 4253, section 6.6). */
function keyType(blob: Buffer): string | undefined {
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  return length > 0 && length <= blob.length - 4 ? blob.toString('latin1', 4, 4 + length) : undefined;
}

/** The name of a host in these files: without the port if that is 22. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Whether the first field of an entry matches the host name. */
export function matchesHost(names: string, name: string): boolean {
  if (names.startsWith('|')) {
    const salt = /^\|1\|([A-Za-z0-9+/]+={0,2})\|/.exec(names)?.[1];
    return salt !== undefined && hashedName(name, Buffer.from(salt, 'base64')) === names;
  }
  const patterns = names.toLowerCase().split(',');
  const matches = (pattern: string): boolean => wildcard(pattern).test(name);
  // A matching negation overrides all patterns.
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern));
}

/** A name as hashed by `HashKnownHosts yes` and `ssh-keygen -H`. */
export function hashedName(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|/-]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
