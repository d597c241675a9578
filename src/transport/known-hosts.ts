// The known_hosts format of OpenSSH (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): its lines, and which of them speak of a host. Pure.
import { createHmac } from 'node:crypto';
import type { HostKey } from './ssh-target.ts';

/** One key of one line. */
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

/** The lines of a file that hold a key. As for OpenSSH, a line that can't be read counts for nothing. */
export function readKnownHosts(file: string, text: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((words, index): KnownHost[] => {
    const [, marker, names = '', type = '', base64 = ''] = LINE.exec(words) ?? [];
    if (names === '' || !(marker === undefined || marker === 'revoked' || marker === 'cert-authority')) return [];
    const blob = Buffer.from(base64, 'base64');
    return keyType(blob) === type ? [{ file, line: index + 1, marker, names, key: { type, blob } }] : [];
  });
}

/** The type that stands at the beginning of a key, or undefined when it is no key (RFC 4253, section 6.6). */
function keyType(blob: Buffer): string | undefined {
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  return length > 0 && length <= blob.length - 4 ? blob.toString('latin1', 4, 4 + length) : undefined;
}

/** How a host is called in these files: by its name alone at the usual port. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Whether the first field of a line speaks of the host of this name. */
export function speaksOf(names: string, name: string): boolean {
  if (names.startsWith('|')) {
    const salt = /^\|1\|([A-Za-z0-9+/]+={0,2})\|/.exec(names)?.[1];
    return salt !== undefined && hashedName(name, Buffer.from(salt, 'base64')) === names;
  }
  const patterns = names.toLowerCase().split(',');
  const isMeant = (pattern: string): boolean => wildcard(pattern).test(name);
  // One negation that fits is stronger than any pattern that does.
  if (patterns.some((pattern) => pattern.startsWith('!') && isMeant(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && isMeant(pattern));
}

/** A name as `HashKnownHosts yes` and `ssh-keygen -H` write it. */
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
