// What the known_hosts files say of the key that a host shows: known, changed, revoked, or nothing. Pure.
import { createHash } from 'node:crypto';
import { knownName, speaksOf, type KnownHost } from './known-hosts.ts';
import type { HostKey } from './ssh-target.ts';

export type HostKeyResult =
  | { readonly kind: 'known' }
  /** `by` says that nobody may trust this key any more. */
  | { readonly kind: 'revoked'; readonly by: KnownHost }
  /** The host is known by other keys only; `by` is one of the same type, where there is one. */
  | { readonly kind: 'changed'; readonly by: KnownHost }
  /** The host is known by those who sign its keys only, and this is a key without a certificate. */
  | { readonly kind: 'authority'; readonly by: KnownHost }
  | { readonly kind: 'unknown' };

/** What the files may call a host, the most exact name first. An alias (HostKeyAlias in ssh_config(5)) stands for name and port. */
export function namesOfHost(host: string, port: number, alias: string | undefined): HostNames {
  if (alias !== undefined) return { name: alias.toLowerCase(), atUsualPort: alias.toLowerCase() };
  return { name: knownName(host, port), atUsualPort: knownName(host, 22) };
}

export interface HostNames {
  readonly name: string;
  /** At another port OpenSSH is content with a key that the host has at the usual one. */
  readonly atUsualPort: string;
}

/**
 * As OpenSSH judges (sshconnect.c, check_host_key), but stricter in one thing: a host that is known by keys of other types only
 * counts as changed, not as new. Whoever sits in between chooses the type.
 */
export function checkHostKey(known: readonly KnownHost[], names: HostNames, key: HostKey): HostKeyResult {
  const ours = linesOf(known, names.name);
  const everywhere = [...ours, ...linesOf(known, names.atUsualPort)];
  const revoked = everywhere.find(({ marker, key: { blob } }) => marker === 'revoked' && blob.equals(key.blob));
  if (revoked !== undefined) return { kind: 'revoked', by: revoked };
  if (plain(everywhere).some(({ key: { blob } }) => blob.equals(key.blob))) return { kind: 'known' };
  const others = plain(ours);
  const other = others.find(({ key: { type } }) => type === key.type) ?? others[0];
  if (other !== undefined) return { kind: 'changed', by: other };
  const authority = ours.find(({ marker }) => marker === 'cert-authority');
  return authority === undefined ? { kind: 'unknown' } : { kind: 'authority', by: authority };
}

/** The types of the keys that a host is known by: asked for these, it shows no other one. */
export function knownKeyTypes(known: readonly KnownHost[], names: HostNames): string[] {
  const ours = plain(linesOf(known, names.name));
  const lines = ours.length > 0 ? ours : plain(linesOf(known, names.atUsualPort));
  return [...new Set(lines.map(({ key: { type } }) => type))];
}

function linesOf(known: readonly KnownHost[], name: string): KnownHost[] {
  return known.filter(({ names }) => speaksOf(names, name));
}

function plain(lines: readonly KnownHost[]): KnownHost[] {
  return lines.filter(({ marker }) => marker === undefined);
}

/** As `ssh-keygen -l` prints it: `SHA256:` and 43 characters. */
export function fingerprint({ blob }: Pick<HostKey, 'blob'>): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
