// How to reach a cluster by SSH, decided before any connection.

/** Parses `[user@]host`, as `--ssh` names a login node. */
export function parseLogin(text: string): { readonly user: string | undefined; readonly host: string } {
  const [, user, host = ''] = /^(?:([^@]+)@)?([^@]*)$/.exec(text) ?? [];
  return { user, host };
}

export interface SshTarget {
  /** The configured name, for messages: `login1`, or an alias of `~/.ssh/config`. */
  readonly name: string;
  /** Name or address to connect to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths of private keys, in the order of use. */
  readonly identityFiles: readonly string[];
  /** Absolute path of the ssh agent's socket (SSH_AUTH_SOCK). Without it no agent is used. */
  readonly agentSocket?: string;
  readonly passwordFrom?: PasswordSource;
  /** Jump hosts, nearest first, each with its own user, keys and host key policy. */
  readonly jumps: readonly SshTarget[];
  readonly hostKeys: HostKeyPolicy;
  /** Options of ssh_config that ssh2 does not apply, such as `MACs`. */
  readonly unsupported?: readonly string[];
}

/** A file readable only by its owner, or a program (run without a shell) whose first output line is the password. */
export type PasswordSource = { readonly file: string } | { readonly command: readonly string[] };

/** The host keys to accept. No policy accepts any key. */
export interface HostKeyPolicy {
  /** strict: refuse an unknown host; accept-new: add its key to the first file, and require that key from then on. */
  readonly mode: 'strict' | 'accept-new';
  /** Absolute paths, in reading order. A missing file is empty. */
  readonly knownHostsFiles: readonly string[];
  /** `SHA256:…` as `ssh-keygen -lf` prints it: only this key, whatever the files contain. */
  readonly fingerprint?: string;
  /** The host's name in the files (HostKeyAlias in ssh_config(5)). */
  readonly alias?: string;
}

/** An encoded public key (RFC 4253, 6.6) and its type, such as `ssh-ed25519`. */
export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** Does not reject for an untrusted key: the message says which key, why, and what to do. */
export type HostKeyCheck = (
  host: string,
  port: number,
  key: HostKey,
) => Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>;

/** The known key types of a host. They are requested first, as a server with several keys picks one. */
export type KnownKeyTypes = (host: string, port: number) => Promise<readonly string[]>;
