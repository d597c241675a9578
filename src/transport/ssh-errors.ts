// Explains SSH failures: the fact and what to do.
import { HostUnreachableError, LoginRefusedError } from './errors.ts';

/** A failure to reach a host. `host` is the name that the user configured. */
export type SshFailure =
  | { readonly kind: 'unknown name'; readonly host: string; readonly address: string }
  | { readonly kind: 'refused'; readonly host: string; readonly address: string; readonly port: number }
  | { readonly kind: 'no route'; readonly host: string; readonly address: string; readonly output: string }
  | { readonly kind: 'timeout'; readonly host: string; readonly seconds: number }
  /** The message of the host key check. */
  | { readonly kind: 'host key'; readonly host: string; readonly message: string }
  | {
      readonly kind: 'login refused';
      readonly host: string;
      readonly user: string;
      readonly tried: readonly string[];
      /** Credentials that could not be used, each with what to do. */
      readonly obstacles: readonly string[];
      /** Accepted methods of RFC 4252. */
      readonly methods: readonly string[];
    }
  /** The server closed the connection before all credentials were tried. */
  | {
      readonly kind: 'too many attempts';
      readonly host: string;
      readonly user: string;
      readonly tried: readonly string[];
      readonly untried: readonly string[];
    }
  | { readonly kind: 'second factor'; readonly host: string; readonly methods: readonly string[] }
  | { readonly kind: 'no session'; readonly host: string }
  | { readonly kind: 'master gone'; readonly host: string }
  | { readonly kind: 'no control path'; readonly host: string }
  /** Another user may listen at the socket of the connection. */
  | { readonly kind: 'untrusted socket'; readonly host: string; readonly path: string; readonly why: string }
  | { readonly kind: 'no ssh'; readonly host: string; readonly output: string }
  /** Output of the system's ssh after a failed login. */
  | { readonly kind: 'ssh failed'; readonly host: string; readonly output: string }
  | { readonly kind: 'no forwarding'; readonly host: string; readonly via: string; readonly output: string }
  | { readonly kind: 'other'; readonly host: string; readonly output: string };

/** The command that opens a shared connection (ssh(1): -f -N -M). */
function openMaster(host: string): string {
  return `ssh -fNM ${host}`;
}

/** The advice where ssh2 cannot log in. */
export function useOpenssh(host: string): string {
  return `Set "provider: openssh" and open a connection yourself: ${openMaster(host)}`;
}

const MESSAGES: {
  readonly [Kind in SshFailure['kind']]: (failure: Extract<SshFailure, { kind: Kind }>) => string;
} = {
  'unknown name': ({ host, address }) =>
    `${host} is unreachable: the name ${address} does not resolve. Check the host's name in the configuration or in ~/.ssh/config.`,
  refused: ({ host, address, port }) =>
    `${host} is unreachable: nothing listens on port ${port} of ${address}. Check the port, and that sshd runs there.`,
  'no route': ({ host, address, output }) =>
    `${host} is unreachable: no route to ${address} from here (${output}). Check the network or VPN, or name a jump host.`,
  timeout: ({ host, seconds }) =>
    `${host} did not respond to an SSH connection within ${seconds} s. Check the network or VPN, and that sshd runs there.`,
  'host key': ({ message }) => message,
  'login refused': describeLoginRefused,
  'too many attempts': ({ host, user, tried, untried }) =>
    `${host} refused the login of ${user} after too many attempts (MaxAuthTries in its sshd_config). Credentials refused: ${tried.join(', ')}.${untried.length === 0 ? '' : ` Not tried: ${untried.join(', ')}.`} Set identity_file to the right key.`,
  'second factor': ({ host, methods }) =>
    `${host} accepted the key but requires a second factor (${methods.join(', ')}), which the daemon cannot provide. ${useOpenssh(host)}`,
  'no session': ({ host }) =>
    `${host} refuses another session on the connection (MaxSessions in its sshd_config, or a process limit). Retrying; if this persists, lower the setting channels.`,
  'master gone': ({ host }) =>
    `The SSH connection to ${host} has ended, and a new one may need your second factor. Run: ${openMaster(host)}   The daemon finds the new connection within 30 s; jobs are not affected.`,
  'no control path': ({ host }) =>
    `There is no open SSH connection to ${host}: the configuration of ssh has no ControlPath for this host. Put "ControlPath ~/.ssh/%C" under "Host ${host}" in ~/.ssh/config, then run: ${openMaster(host)}`,
  'untrusted socket': ({ host, path, why }) =>
    `The daemon refuses the SSH connection to ${host}, because another user may own the socket ${path} of the connection: ${why}. Put "ControlPath ~/.ssh/%C" under "Host ${host}" in ~/.ssh/config, then run: ${openMaster(host)}`,
  'no ssh': ({ host, output }) =>
    `${host} is unreachable: ${output}. Install OpenSSH's client here, or set provider: ssh2.`,
  'ssh failed': describeSshFailure,
  'no forwarding': ({ host, via, output }) =>
    `${via} does not forward connections to ${host} (${output}). Check that AllowTcpForwarding is on at ${via}, and that ${via} can reach ${host}.`,
  other: ({ host, output }) => `${host} is unreachable by SSH: ${output}. Run ssh -v ${host} to see why.`,
};

/** Error messages of ssh (exit code 255) with advice. The rest of ssh's output names the host, file or key. */
const SSH_ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/Could not resolve hostname/, "Check the host's name in the configuration or in ~/.ssh/config."],
  [/Connection refused/, 'Check the port, and that sshd runs there.'],
  [
    /No route to host|Network is unreachable|Connection timed out|Operation timed out/,
    'Check the network or VPN, or name a jump host.',
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'An attacker may intercept the connection, or the host was reinstalled. Ask the site before you change known_hosts.',
  ],
  [
    /Host key verification failed|host key is known/,
    'Connect once by hand, compare the fingerprint with what the site publishes, and accept the key.',
  ],
  [/Too many authentication failures/, 'Set IdentityFile to the right key, with IdentitiesOnly yes, in ~/.ssh/config.'],
  [/Permission denied/, 'Use a key that needs no prompt.'],
];

function describeSshFailure({ host, output }: Extract<SshFailure, { kind: 'ssh failed' }>): string {
  const line = output.replace(/\s+/g, ' ').trim();
  const advice = SSH_ADVICE.find(([pattern]) => pattern.test(line))?.[1] ?? `Run ssh -v ${host} to see why.`;
  return `ssh could not log in to ${host} without a prompt: ${line}. ${advice} To open a connection yourself, run: ${openMaster(host)}`;
}

function describeLoginRefused({
  host,
  user,
  tried,
  obstacles,
  methods,
}: Extract<SshFailure, { kind: 'login refused' }>): string {
  const refused = tried.length === 0 ? '' : ` Credentials refused: ${tried.join(', ')}.`;
  const blocked = obstacles.length === 0 ? '' : ` Not tried: ${obstacles.join('; ')}.`;
  return `${host} refused the login of ${user}; accepted methods: ${methods.join(', ')}.${refused}${blocked}${loginAdvice()}`;

  function loginAdvice(): string {
    if (!methods.includes('publickey')) return ` ${useOpenssh(host)}`;
    if (tried.length > 0) return ` Add the public key to ~/.ssh/authorized_keys of ${user} on that host.`;
    return obstacles.length > 0 ? '' : ' Set identity_file, or start ssh-agent and run ssh-add.';
  }
}

function sshMessage(failure: SshFailure): string {
  return (MESSAGES[failure.kind] as (failure: SshFailure) => string)(failure).trimEnd();
}

/** The error for a failure to reach a host: nothing ran. */
export function unreachable(failure: SshFailure, cause?: unknown): HostUnreachableError {
  const options = cause === undefined ? {} : { cause };
  return needsUser(failure)
    ? new LoginRefusedError(sshMessage(failure), options)
    : new HostUnreachableError(sshMessage(failure), options);
}

/** Whether only a user can fix it, so that early retries are useless. */
function needsUser(failure: SshFailure): boolean {
  if (failure.kind === 'ssh failed')
    return /Permission denied|Too many authentication|HAS CHANGED/.test(failure.output);
  return ['login refused', 'too many attempts', 'second factor', 'host key', 'untrusted socket'].includes(failure.kind);
}
