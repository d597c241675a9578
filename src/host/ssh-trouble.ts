// Why a host can't be reached by SSH, in words for a person: the fact, and the one thing to do.
import { HostUnreachable } from './errors.ts';

/** What went wrong on the way to a host. `host` is what the person called it. */
export type SshTrouble =
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
  | { readonly kind: 'second factor'; readonly host: string; readonly methods: readonly string[] }
  | { readonly kind: 'no session'; readonly host: string }
  | { readonly kind: 'master gone'; readonly host: string; readonly login: string }
  | { readonly kind: 'no forwarding'; readonly host: string; readonly via: string; readonly words: string }
  | { readonly kind: 'other'; readonly host: string; readonly words: string };

const SENTENCES: {
  readonly [Kind in SshTrouble['kind']]: (trouble: Extract<SshTrouble, { kind: Kind }>) => string;
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
  'second factor': ({ host, methods }) =>
    `${host} took the key and asks for a second factor (${methods.join(', ')}), which nobody is here to give. Set provider: openssh and keep a connection of your own open with ssh -fN ${host}.`,
  'no session': ({ host }) =>
    `${host} opens no session on our connection (MaxSessions in its sshd_config, or its limit of processes). It will be tried again; lower max_channels if this stays.`,
  'master gone': ({ host, login }) =>
    `The SSH connection to ${host} has ended, and a new one may need your second factor. Run: ${login}   It is found by itself within 30 s; jobs are followed again from then on.`,
  'no forwarding': ({ host, via, words }) =>
    `${via} does not connect us to ${host} (${words}). Check that AllowTcpForwarding is on there and that it can reach ${host}.`,
  other: ({ host, words }) => `${host} can't be reached by SSH: ${words}. Run ssh -v ${host} to see why.`,
};

function describeNotLetIn({
  host,
  user,
  tried,
  obstacles,
  takes,
}: Extract<SshTrouble, { kind: 'not let in' }>): string {
  const refused = tried.length === 0 ? '' : ` It refused ${tried.join(', ')}.`;
  const blocked = obstacles.length === 0 ? '' : ` Not tried: ${obstacles.join('; ')}.`;
  return `${host} did not let ${user} in; it takes ${takes.join(', ')}.${refused}${blocked} ${notLetInAdvice()}`;

  function notLetInAdvice(): string {
    if (!takes.includes('publickey'))
      return `Set provider: openssh and keep a connection of your own open with ssh -fN ${host}.`;
    if (tried.length > 0) return `Put the public key into ~/.ssh/authorized_keys of ${user} there.`;
    return obstacles.length > 0 ? '' : 'Name an identity file, or start an agent and run ssh-add.';
  }
}

export function sshSentence(trouble: SshTrouble): string {
  return (SENTENCES[trouble.kind] as (trouble: SshTrouble) => string)(trouble).trimEnd();
}

/** Surely nothing was run. */
export function unreachable(trouble: SshTrouble, cause?: unknown): HostUnreachable {
  return new HostUnreachable(sshSentence(trouble), cause === undefined ? {} : { cause });
}
