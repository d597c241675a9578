// Messages for refused host keys: the key, the known keys, and what to do. Pure.
import { fingerprint, type HostKeyResult } from './compare-host-key.ts';
import type { HostKey } from '../ssh-target.ts';
import { messageOf } from '../../base/error-message.ts';

export interface ShownKey {
  readonly host: string;
  readonly port: number;
  /** Its name in the files. */
  readonly name: string;
  /** The name that the user configured. */
  readonly calledAs: string;
  readonly key: HostKey;
}

/** For every result but `known`. `files` are those that were read. */
export function describeRefusal(
  result: Exclude<HostKeyResult, { kind: 'known' }>,
  shown: ShownKey,
  files: readonly string[],
): string {
  const { name } = shown;
  switch (result.kind) {
    case 'unknown':
      return (
        `The host key of ${name} is unknown: the host presents ${describeKey(shown.key)}, and ${files.join(', ')} has no entry for it. ` +
        `Compare the key with the site's published one, then connect once with "${sshCommand(shown)}" and accept the key, or set host_keys to the fingerprint.`
      );
    case 'changed': {
      const { file, line, key } = result.by;
      return (
        `The host key of ${name} has changed: the host presents ${describeKey(shown.key)}, but ${file}:${line} has ${describeKey(key)}. ` +
        'An attacker may intercept the connection, or the host was reinstalled; nothing was sent. ' +
        `Ask the site. If the new key is right, remove the old key: ssh-keygen -f ${file} -R '${name}'`
      );
    }
    case 'revoked': {
      const { file, line } = result.by;
      return `The host key of ${name} is revoked: the host presents ${describeKey(shown.key)}, which ${file}:${line} revokes. Nothing was sent. Ask the site for the right key.`;
    }
    case 'authority': {
      const { file, line } = result.by;
      return `The host key of ${name} needs a certificate (@cert-authority in ${file}:${line}), which the provider ssh2 cannot check. Set "provider: openssh".`;
    }
  }
}

/** For a key that is not the pinned one. */
export function describeWrongPin({ name, key }: ShownKey, pinned: string): string {
  return (
    `The host key of ${name} does not match host_keys: the host presents ${describeKey(key)}, and host_keys is ${pinned}. ` +
    'An attacker may intercept the connection, or the host was reinstalled; nothing was sent. Ask the site for the right key.'
  );
}

/** For a new key that could not be saved. */
export function describeNotSaved({ name, key }: ShownKey, file: string, error: unknown): string {
  return (
    `The host key of ${name} is new (${describeKey(key)}) and could not be saved to ${file}: ${messageOf(error)}. ` +
    'Nothing was sent. Make the file writable, or set host_keys to the fingerprint.'
  );
}

/** Thrown if other users can change a known_hosts file: its keys may be theirs. */
export class UntrustedKnownHostsError extends Error {
  override readonly name = 'UntrustedKnownHostsError';

  constructor(file: string, why: string) {
    super(`other users can change ${file}: ${why}`);
  }
}

/** For files that are unreadable or untrusted. */
export function describeUnchecked({ name }: Pick<ShownKey, 'name'>, error: unknown): string {
  const advice = error instanceof UntrustedKnownHostsError ? 'Run chmod go-w on it.' : 'Make the file readable.';
  return `The host key of ${name} cannot be checked: ${messageOf(error)}. Nothing was sent. ${advice}`;
}

const LABELS: Readonly<Record<string, string>> = { 'ssh-ed25519': 'ED25519', 'ssh-rsa': 'RSA', 'ssh-dss': 'DSA' };

/** e.g. `the ED25519 key SHA256:…`. */
function describeKey(key: HostKey): string {
  const label = LABELS[key.type] ?? (key.type.startsWith('ecdsa-') ? 'ECDSA' : key.type);
  return `the ${label} key ${fingerprint(key)}`;
}

function sshCommand({ calledAs, port }: ShownKey): string {
  return port === 22 ? `ssh ${calledAs}` : `ssh -p ${port} ${calledAs}`;
}
