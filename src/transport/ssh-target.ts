// Where a cluster is reached by SSH: what has been decided about it before anybody connects.

export interface SshTarget {
  /** For people: what the host is called where it was configured, such as `login1` or an alias of `~/.ssh/config`. */
  readonly name: string;
  /** Name or address to connect to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths of private keys, in the order in which they are offered. */
  readonly identityFiles: readonly string[];
  /** Absolute path of the agent's socket (SSH_AUTH_SOCK); no agent is asked when left out. */
  readonly agentSocket?: string;
  readonly passwordFrom?: PasswordSource;
  /** The hosts on the way there, the nearest first, each with its own user, keys and rule for host keys. */
  readonly jumps: readonly SshTarget[];
  readonly hostKeys: HostKeyPolicy;
  /** Options of ssh_config for it that ssh2 does not honour, such as `MACs`; none when left out. */
  readonly unsupported?: readonly string[];
}

/** A file that only its owner can read, or a program (without a shell) that prints the password on its first line. */
export type PasswordSource = { readonly file: string } | { readonly command: readonly string[] };

/** Which keys a host may show. There is no way to accept any key. */
export interface HostKeyPolicy {
  /** strict: a host that no file knows is refused; accept-new: its key is added to the first file, and held to it from then on. */
  readonly mode: 'strict' | 'accept-new';
  /** Absolute paths, in the order in which they are read; files that don't exist know nobody. */
  readonly knownHostsFiles: readonly string[];
  /** `SHA256:…` as `ssh-keygen -lf` prints it: this key and no other, whatever the files say. */
  readonly fingerprint?: string;
  /** The name under which the files know the host (HostKeyAlias in ssh_config(5)). */
  readonly alias?: string;
}

/** A public key as it goes over the wire (RFC 4253, 6.6): its type, such as `ssh-ed25519`, and all its bytes. */
export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** Never rejects for a key that is not trusted: the sentence says which, why, and the one thing to do. */
export type HostKeyCheck = (
  host: string,
  port: number,
  key: HostKey,
) => Promise<{ readonly ok: true } | { readonly ok: false; readonly sentence: string }>;

/** The key types under which a host is known. They are asked for first: a server that has several keys picks the one to show. */
export type KnownKeyTypes = (host: string, port: number) => Promise<readonly string[]>;
