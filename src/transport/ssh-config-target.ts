// Where a host is and how to log in there: what our own configuration says, and for all else what `ssh` would do.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  expandTokens,
  opensshOptions,
  readJump,
  readSshConfig,
  type JumpWords,
  type SshConfig,
  type Tokens,
} from './ssh-config.ts';
import { useOpenssh } from './ssh-errors.ts';
import { unsupportedOptions } from './ssh-unsupported.ts';
import type { HostKeyPolicy, PasswordSource, SshTarget } from './ssh-target.ts';

/** Thrown when a host can't be reached as it is set up: a person must change the configuration. */
export class SshConfigError extends Error {
  override readonly name = 'SshConfigError';
}

/** What is undefined is as `~/.ssh/config` says, else as ssh itself does. */
export interface SshOptions {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[] | undefined;
  readonly jumps: readonly string[] | undefined;
  /** `strict`, `accept-new`, or the `SHA256:…` of the only key. */
  readonly hostKeys: string | undefined;
  readonly passwordFrom: PasswordSource | undefined;
}

export interface SshContext {
  /**
   * What `ssh -G` with these arguments prints; undefined where there is no ssh.
   * @throws SshConfigError where ssh can't read its configuration: what it would have said, such as a ProxyJump, counts
   */
  readonly askSsh: (args: readonly string[]) => Promise<string | undefined>;
  readonly homeDir: string;
  readonly localUser: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** More hops than this lead round in circles. */
export const MAX_HOPS = 8;

export function tooManyHops(host: string): SshConfigError {
  return new SshConfigError(
    `The way to ${host} has more than ${MAX_HOPS} jump hosts: look for a circle in ~/.ssh/config.`,
  );
}

/** @throws SshConfigError for a word that names no host */
export function readHop(word: string, host: string): JumpWords {
  const read = readJump(word.trim());
  if (read !== undefined) return read;
  throw new SshConfigError(`"${word}" on the way to ${host} is no jump host: write it [user@]host[:port].`);
}

/** @throws SshConfigError when only the openssh provider can do what is needed, or a jump host can't be read */
export function findSshTarget(wishes: SshOptions, around: SshContext): Promise<SshTarget> {
  return targetOf(wishes, around, MAX_HOPS);
}

async function targetOf(wishes: SshOptions, around: SshContext, hopsLeft: number): Promise<SshTarget> {
  if (hopsLeft === 0) throw tooManyHops(wishes.host);
  // What we set is given to ssh, so that `Match` sees it, and a ProxyJump of ours replaces a ProxyCommand as it does there.
  const { user: setUser, port: setPort, jumps } = wishes;
  const args = [...opensshOptions({ user: setUser, port: setPort, jumps }), '--', wishes.host];
  const given = (await around.askSsh(args)) ?? '';
  const config = readSshConfig(given);
  if (config.needsOpenssh !== undefined && wishes.passwordFrom === undefined)
    throw needsOpenssh(wishes, config.needsOpenssh);

  const host = config.hostName ?? wishes.host;
  const user = setUser ?? config.user ?? around.localUser;
  const port = setPort ?? config.port ?? 22;
  const tokens = { ...around, calledAs: wishes.host, host, port, user };
  const agentSocket = agentOf(config, tokens, around.environment);
  const unsupported = unsupportedOptions(given, (await around.askSsh(['-F', 'none', ...args])) ?? given)
    // Without an agent there are no identities but those of the files.
    .filter((name) => name !== 'IdentitiesOnly' || agentSocket !== undefined);
  return {
    name: wishes.host,
    host,
    port,
    user,
    identityFiles: wishes.identityFiles ?? (await usualKeys(wishes, config, tokens)),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(wishes.passwordFrom === undefined ? {} : { passwordFrom: wishes.passwordFrom }),
    jumps: await jumpsOf(wishes, config, around, hopsLeft - 1),
    hostKeys: policyOf(wishes, config, tokens),
    ...(unsupported.length === 0 ? {} : { unsupported }),
  };
}

/** Thrown by whoever asks `ssh -G`. @param words what ssh printed, which names file and line */
export function unreadableSshConfig(host: string, words: string): SshConfigError {
  const why = words.trim().replaceAll(/\s*\r?\n/g, '; ');
  return new SshConfigError(
    `ssh can't tell how to reach ${host}, as it can't read its configuration: ${why}. Correct that: ssh -G ${host} must work.`,
  );
}

function needsOpenssh({ host }: SshOptions, what: string): SshConfigError {
  return new SshConfigError(
    `~/.ssh/config has ${what} for ${host}, which the provider ssh2 can't do. ${useOpenssh(host)}`,
  );
}

/** A path, or undefined when no agent is to be asked. */
function agentOf(
  { identityAgent }: SshConfig,
  tokens: Tokens,
  environment: SshContext['environment'],
): string | undefined {
  if (identityAgent === 'none') return undefined;
  if (identityAgent === undefined || identityAgent === 'SSH_AUTH_SOCK') return filled(environment['SSH_AUTH_SOCK']);
  const variable = /^\$\{?(\w+)\}?$/.exec(identityAgent)?.[1];
  return variable === undefined ? expandTokens(identityAgent, tokens) : filled(environment[variable]);
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

const USUAL_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

/** Those that are there. @throws SshConfigError when all of them are of a kind that ssh2 can't use */
async function usualKeys(wishes: SshOptions, { identityFiles }: SshConfig, tokens: Tokens): Promise<string[]> {
  const named = identityFiles.length > 0 ? identityFiles : USUAL_KEYS.map((name) => join('~', '.ssh', name));
  const kinds = await Promise.all(
    named.map(async (file) => {
      const path = expandTokens(file, tokens);
      return { path, kind: await kindOfKey(path) };
    }),
  );
  const usable = kinds.filter(({ kind }) => kind === 'usable');
  const needsToken = usable.length === 0 && kinds.some(({ kind }) => kind === 'token');
  if (needsToken && wishes.passwordFrom === undefined) throw needsOpenssh(wishes, 'only keys on a FIDO token');
  return usable.map(({ path }) => path);
}

/** Of a key on a FIDO token the file holds but a handle. */
async function kindOfKey(path: string): Promise<'missing' | 'token' | 'usable'> {
  try {
    await access(path);
  } catch {
    return 'missing';
  }
  const publicKey = await readFile(`${path}.pub`, 'latin1').catch(() => '');
  return publicKey.startsWith('sk-') ? 'token' : 'usable';
}

/** Of several only the first has jump hosts of its own: each other one is reached through the one before. */
async function jumpsOf(
  wishes: SshOptions,
  config: SshConfig,
  around: SshContext,
  hopsLeft: number,
): Promise<SshTarget[]> {
  const named = (wishes.jumps ?? config.jumps).flatMap((word) => word.split(',')).filter((word) => word !== 'none');
  const hops: SshTarget[] = [];
  for (const [index, word] of named.entries()) {
    const hop = await targetOf(wishesFor(readHop(word, wishes.host), wishes, index === 0), around, hopsLeft);
    hops.push(...hop.jumps, { ...hop, jumps: [] });
  }
  return hops;
}

function wishesFor(jump: JumpWords, { hostKeys }: SshOptions, isFirst: boolean): SshOptions {
  return {
    ...jump,
    identityFiles: undefined,
    jumps: isFirst ? undefined : ['none'],
    // A fingerprint is that of one host.
    hostKeys: hostKeys === 'strict' || hostKeys === 'accept-new' ? hostKeys : undefined,
    passwordFrom: undefined,
  };
}

function policyOf({ hostKeys }: SshOptions, config: SshConfig, tokens: Tokens): HostKeyPolicy {
  const { hostKeyAlias: alias, acceptsNewKeys } = config;
  const ofUser = config.userKnownHostsFiles ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
  const ofAll = config.globalKnownHostsFiles ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
  const isNew = hostKeys === 'accept-new' || (hostKeys === undefined && acceptsNewKeys);
  return {
    // New keys are added to a file of the user's own; where there is none they could not be told from changed ones.
    mode: isNew && ofUser.length > 0 ? 'accept-new' : 'strict',
    knownHostsFiles: [...ofUser, ...ofAll].map((file) => expandTokens(file, tokens)),
    ...(hostKeys?.startsWith('SHA256:') === true ? { fingerprint: hostKeys } : {}),
    ...(alias === undefined ? {} : { alias }),
  };
}
