// Why a host key was refused, for people: what was shown, what is known, and the one thing to do. Pure.
import { fingerprint, type HostKeyResult } from './compare-host-key.ts';
import type { HostKey } from './ssh-target.ts';

export interface ShownKey {
  readonly host: string;
  readonly port: number;
  /** As the files call it. */
  readonly name: string;
  /** As the user calls it. */
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
        `The host key of ${name} is not known: it shows ${describeKey(shown.key)}, and no line for it stands in ${files.join(', ')}. ` +
        `Compare this with what the site publishes, then connect once with "${sshCommand(shown)}" and accept it, or set host_keys to the fingerprint.`
      );
    case 'changed': {
      const { file, line, key } = result.by;
      return (
        `The host key of ${name} has changed: it shows ${describeKey(shown.key)}, but ${file}:${line} has ${describeKey(key)}. ` +
        'Somebody may be listening in, or the host was set up anew; nothing was sent. ' +
        `Ask the site. If the new key is right, remove the old one with: ssh-keygen -f ${file} -R '${name}'`
      );
    }
    case 'revoked': {
      const { file, line } = result.by;
      return `The host key of ${name} is revoked: it shows ${describeKey(shown.key)}, which ${file}:${line} says nobody may trust. Nothing was sent. Ask the site which key is right.`;
    }
    case 'authority': {
      const { file, line } = result.by;
      return `The host key of ${name} needs a certificate (@cert-authority in ${file}:${line}), which the provider ssh2 can't check. Set provider to openssh.`;
    }
  }
}

/** A key that is not the pinned one. */
export function describeWrongPin({ name, key }: ShownKey, pinned: string): string {
  return (
    `The host key of ${name} is not the one that host_keys asks for: it shows ${describeKey(key)}, and host_keys is ${pinned}. ` +
    'Somebody may be listening in, or the host was set up anew; nothing was sent. Ask the site which key is right.'
  );
}

/** An accepted key that could not be remembered. */
export function describeNotRemembered({ name, key }: ShownKey, file: string, error: unknown): string {
  return (
    `The host key of ${name} is new (${describeKey(key)}) and can't be remembered in ${file}: ${wordsOf(error)}. ` +
    'Nothing was sent, as it could not be told from another one next time. Make the file writable, or set host_keys to the fingerprint.'
  );
}

/** Thrown when others can change a known_hosts file: the keys in it may be theirs. */
export class UntrustedKnownHostsError extends Error {
  override readonly name = 'UntrustedKnownHostsError';

  constructor(file: string, why: string) {
    super(`others can change ${file}, as ${why}`);
  }
}

/** The files could not be read, or are not to be believed. */
export function describeUnchecked({ name }: Pick<ShownKey, 'name'>, error: unknown): string {
  const advice = error instanceof UntrustedKnownHostsError ? 'Run chmod go-w on that.' : 'Make the file readable.';
  return `The host key of ${name} can't be checked: ${wordsOf(error)}. Nothing was sent. ${advice}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
