// Compares a host key with the known_hosts entries: known, changed, revoked or unknown. Pure.
import { createHash } from 'node:crypto';
import { knownName, matchesHost, type KnownHost } from './parse-known-hosts.ts';
import type { HostKey } from '../ssh-target.ts';

export type HostKeyResult =
  | { readonly kind: 'known' }
  /** The entry `by` revokes this key. */
  | { readonly kind: 'revoked'; readonly by: KnownHost }
  /** The host is known only by other keys; `by` has the same type if there is one. */
  | { readonly kind: 'changed'; readonly by: KnownHost }
  /** The host is known only by a certificate authority, and this key has no certificate. */
  | { readonly kind: 'authority'; readonly by: KnownHost }
  | { readonly kind: 'unknown' };

/** The names of a host in the files. An alias (HostKeyAlias in ssh_config(5)) replaces name and port. */
export function namesOfHost(host: string, port: number, alias: string | undefined): HostNames {
  if (alias !== undefined) return { name: alias.toLowerCase(), atDefaultPort: alias.toLowerCase() };
  return { name: knownName(host, port), atDefaultPort: knownName(host, 22) };
}

export interface HostNames {
  readonly name: string;
  /** At another port OpenSSH accepts a key that is known for port 22. */
  readonly atDefaultPort: string;
}

/**
 * As OpenSSH, but stricter: a host that is known only by keys of other types counts as changed, not as new, because an attacker in
 * the middle chooses the type. https://github.com/openssh/openssh-portable/blob/master/sshconnect.c (check_host_key)
 */
export function compareHostKey(known: readonly KnownHost[], names: HostNames, key: HostKey): HostKeyResult {
  const ours = linesOf(known, names.name);
  const everywhere = [...ours, ...linesOf(known, names.atDefaultPort)];
  const revoked = everywhere.find(({ marker, key: { blob } }) => marker === 'revoked' && blob.equals(key.blob));
  if (revoked !== undefined) return { kind: 'revoked', by: revoked };
  if (plain(everywhere).some(({ key: { blob } }) => blob.equals(key.blob))) return { kind: 'known' };
  const others = plain(ours);
  const other = others.find(({ key: { type } }) => type === key.type) ?? others[0];
  if (other !== undefined) return { kind: 'changed', by: other };
  const authority = ours.find(({ marker }) => marker === 'cert-authority');
  return authority === undefined ? { kind: 'unknown' } : { kind: 'authority', by: authority };
}

/** The known key types of a host. Requesting only these keeps it from presenting another one. */
export function knownKeyTypes(known: readonly KnownHost[], names: HostNames): string[] {
  const ours = plain(linesOf(known, names.name));
  const lines = ours.length > 0 ? ours : plain(linesOf(known, names.atDefaultPort));
  return [...new Set(lines.map(({ key: { type } }) => type))];
}

function linesOf(known: readonly KnownHost[], name: string): KnownHost[] {
  return known.filter(({ names }) => matchesHost(names, name));
}

function plain(lines: readonly KnownHost[]): KnownHost[] {
  return lines.filter(({ marker }) => marker === undefined);
}

/** As printed by `ssh-keygen -l`: `SHA256:` and 43 characters. */
export function fingerprint({ blob }: Pick<HostKey, 'blob'>): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
