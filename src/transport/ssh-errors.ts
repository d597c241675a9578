// Why a host can't be reached by SSH, in words for a person: the fact, and the one thing to do.
import { HostUnreachableError, LoginRefusedError } from './errors.ts';

/** What went wrong on the way to a host. `host` is what the person called it. */
export type SshErrorMessage =
  | { readonly kind: 'unknown name'; readonly host: string; readonly address: string }
  | { readonly kind: 'refused'; readonly host: string; readonly address: string; readonly port: number }
  | { readonly kind: 'no route'; readonly host: string; readonly address: string; readonly words: string }
  | { readonly kind: 'no answer'; readonly host: string; readonly seconds: number }
  /** The sentence is the verifier's own. */
  | { readonly kind: 'host key'; readonly host: string; readonly sentence: string }
  | {
      readonly kind: 'not let in';
      readonly host: string;
      readonly user: string;
      readonly tried: readonly string[];
      /** What could not even be tried, each with what to do about it. */
      readonly obstacles: readonly string[];
      /** Methods of RFC 4252. */
      readonly takes: readonly string[];
    }
  /** It ended the connection before all was tried. */
  | {
      readonly kind: 'too many tries';
      readonly host: string;
      readonly user: string;
      readonly tried: readonly string[];
      readonly untried: readonly string[];
    }
  | { readonly kind: 'second factor'; readonly host: string; readonly methods: readonly string[] }
  | { readonly kind: 'no session'; readonly host: string }
  | { readonly kind: 'master gone'; readonly host: string }
  | { readonly kind: 'no control path'; readonly host: string }
  /** Somebody else may listen at the socket of the connection. */
  | { readonly kind: 'untrusted socket'; readonly host: string; readonly path: string; readonly why: string }
  | { readonly kind: 'no ssh'; readonly host: string; readonly words: string }
  /** What the system's ssh wrote when it failed to log in. */
  | { readonly kind: 'ssh said'; readonly host: string; readonly words: string }
  | { readonly kind: 'no forwarding'; readonly host: string; readonly via: string; readonly words: string }
  | { readonly kind: 'other'; readonly host: string; readonly words: string };

/** What a person types to open a connection that others share (ssh(1): -f -N -M). */
function openMaster(host: string): string {
  return `ssh -fNM ${host}`;
}

/** The way out where ssh2 has none. */
export function useOpenssh(host: string): string {
  return `Set provider: openssh and keep a connection of your own open with ${openMaster(host)}.`;
}

const SENTENCES: {
  readonly [Kind in SshErrorMessage['kind']]: (trouble: Extract<SshErrorMessage, { kind: Kind }>) => string;
} = {
  'unknown name': ({ host, address }) =>
    `${host} can't be reached: no address is known for the name ${address}. Check the host's name in the configuration or in ~/.ssh/config.`,
  refused: ({ host, address, port }) =>
    `${host} can't be reached: nothing listens on port ${port} of ${address}. Check the port, and that sshd runs there.`,
  'no route': ({ host, address, words }) =>
    `${host} can't be reached: there is no way to ${address} from here (${words}). Check the network or VPN, or name a jump host.`,
  'no answer': ({ host, seconds }) =>
    `${host} gave no answer to an SSH connection within ${seconds} s. Check the network or VPN, and that sshd runs there.`,
  'host key': ({ sentence }) => sentence,
  'not let in': describeNotLetIn,
  'too many tries': ({ host, user, tried, untried }) =>
    `${host} did not let ${user} in and took no more tries (MaxAuthTries in its sshd_config). It refused ${tried.join(', ')}.${untried.length === 0 ? '' : ` Not tried any more: ${untried.join(', ')}.`} Name the right key with identity_file.`,
  'second factor': ({ host, methods }) =>
    `${host} took the key and asks for a second factor (${methods.join(', ')}), which nobody is here to give. ${useOpenssh(host)}`,
  'no session': ({ host }) =>
    `${host} opens no session on our connection (MaxSessions in its sshd_config, or its limit of processes). It will be tried again; lower channels if this stays.`,
  'master gone': ({ host }) =>
    `The SSH connection to ${host} has ended, and a new one may need your second factor. Run: ${openMaster(host)}   It is found by itself within 30 s; jobs stay as they are until then.`,
  'no control path': ({ host }) =>
    `No open SSH connection to ${host} can be found: ssh's configuration names no ControlPath for it. Put "ControlPath ~/.ssh/%C" under "Host ${host}" in ~/.ssh/config, then run: ${openMaster(host)}`,
  'untrusted socket': ({ host, path, why }) =>
    `The SSH connection to ${host} by the socket ${path} is not used, as another user may be behind it: ${why}. Put "ControlPath ~/.ssh/%C" under "Host ${host}" in ~/.ssh/config, then run: ${openMaster(host)}`,
  'no ssh': ({ host, words }) =>
    `${host} can't be reached: ${words}. Install OpenSSH's client here, or set provider: ssh2.`,
  'ssh said': describeSshFailure,
  'no forwarding': ({ host, via, words }) =>
    `${via} does not connect us to ${host} (${words}). Check that AllowTcpForwarding is on there and that it can reach ${host}.`,
  other: ({ host, words }) => `${host} can't be reached by SSH: ${words}. Run ssh -v ${host} to see why.`,
};

/** What ssh says when it ends with 255, and what to do about it. The rest of its words says which host, file or key. */
const SSH_WORDS: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/Could not resolve hostname/, "Check the host's name in the configuration or in ~/.ssh/config."],
  [/Connection refused/, 'Check the port, and that sshd runs there.'],
  [
    /No route to host|Network is unreachable|Connection timed out|Operation timed out/,
    'Check the network or VPN, or name a jump host.',
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'Somebody may be listening in, or the host was set up anew. Ask the site before you change known_hosts.',
  ],
  [
    /Host key verification failed|host key is known/,
    'Connect once by hand, compare the fingerprint with what the site publishes, and accept it.',
  ],
  [
    /Too many authentication failures/,
    'Name the right key by IdentityFile, with IdentitiesOnly yes, in ~/.ssh/config.',
  ],
  [/Permission denied/, 'It needs a key that is accepted without a question, or a connection of your own.'],
];

function describeSshFailure({ host, words }: Extract<SshErrorMessage, { kind: 'ssh said' }>): string {
  const said = words.replace(/\s+/g, ' ').trim();
  const advice = SSH_WORDS.find(([pattern]) => pattern.test(said))?.[1] ?? `Run ssh -v ${host} to see why.`;
  return `ssh could not log in to ${host} without a question: ${said}. ${advice} By hand: ${openMaster(host)}`;
}

function describeNotLetIn({
  host,
  user,
  tried,
  obstacles,
  takes,
}: Extract<SshErrorMessage, { kind: 'not let in' }>): string {
  const refused = tried.length === 0 ? '' : ` It refused ${tried.join(', ')}.`;
  const blocked = obstacles.length === 0 ? '' : ` Not tried: ${obstacles.join('; ')}.`;
  return `${host} did not let ${user} in; it takes ${takes.join(', ')}.${refused}${blocked} ${notLetInAdvice()}`;

  function notLetInAdvice(): string {
    if (!takes.includes('publickey')) return useOpenssh(host);
    if (tried.length > 0) return `Put the public key into ~/.ssh/authorized_keys of ${user} there.`;
    return obstacles.length > 0 ? '' : 'Name an identity file, or start an agent and run ssh-add.';
  }
}

function sshSentence(trouble: SshErrorMessage): string {
  return (SENTENCES[trouble.kind] as (trouble: SshErrorMessage) => string)(trouble).trimEnd();
}

/** Surely nothing was run. */
export function unreachable(trouble: SshErrorMessage, cause?: unknown): HostUnreachableError {
  const options = cause === undefined ? {} : { cause };
  return needsPerson(trouble)
    ? new LoginRefusedError(sshSentence(trouble), options)
    : new HostUnreachableError(sshSentence(trouble), options);
}

/** Whether only a person can change it: then time does not. */
function needsPerson(trouble: SshErrorMessage): boolean {
  if (trouble.kind === 'ssh said') return /Permission denied|Too many authentication|HAS CHANGED/.test(trouble.words);
  return ['not let in', 'too many tries', 'second factor', 'host key', 'untrusted socket'].includes(trouble.kind);
}
