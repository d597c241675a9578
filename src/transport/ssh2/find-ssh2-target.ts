// Decides how to reach a host: by our configuration, and otherwise as `ssh` would.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  expandTokens,
  opensshOptions,
  parseJump,
  parseSshConfig,
  type JumpHost,
  type SshConfig,
  type Tokens,
} from '../openssh/parse-ssh-config.ts';
import { useOpenssh } from '../ssh-errors.ts';
import { unsupportedOptions } from './unsupported-ssh-options.ts';
import type { HostKeyPolicy, PasswordSource, SshTarget } from '../ssh-target.ts';

/** Thrown when the SSH configuration is invalid or not supported: the user must change it. */
export class SshConfigError extends Error {
  override readonly name = 'SshConfigError';
}

/** Undefined options are taken from `~/.ssh/config`, else from ssh's defaults. */
export interface SshOptions {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[] | undefined;
  readonly jumps: readonly string[] | undefined;
  /** `strict`, `accept-new`, or the `SHA256:…` of the only accepted key. */
  readonly hostKeys: string | undefined;
  readonly passwordFrom: PasswordSource | undefined;
}

export interface SshContext {
  /**
   * Output of `ssh -G` with these arguments; undefined without an ssh.
   * @throws SshConfigError if ssh cannot read its configuration, whose settings, such as a ProxyJump, would be missing
   */
  readonly askSsh: (args: readonly string[]) => Promise<string | undefined>;
  readonly homeDir: string;
  readonly localUser: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A longer route is assumed to be a cycle. */
export const MAX_HOPS = 8;

export function tooManyHops(host: string): SshConfigError {
  return new SshConfigError(
    `The route to ${host} has more than ${MAX_HOPS} jump hosts: look for a cycle in ~/.ssh/config.`,
  );
}

/** @throws SshConfigError for a text that is not a jump host */
export function parseHop(word: string, host: string): JumpHost {
  const read = parseJump(word.trim());
  if (read !== undefined) return read;
  throw new SshConfigError(`"${word}" is not a jump host for ${host}: write [user@]host[:port].`);
}

/** @throws SshConfigError if only the openssh provider supports the configuration, or a jump host is invalid */
export function findSshTarget(options: SshOptions, context: SshContext): Promise<SshTarget> {
  return targetOf(options, context, MAX_HOPS);
}

async function targetOf(options: SshOptions, context: SshContext, hopsLeft: number): Promise<SshTarget> {
  if (hopsLeft === 0) throw tooManyHops(options.host);
  // ssh gets our settings, so that `Match` sees them, and our ProxyJump replaces a ProxyCommand.
  const { user: setUser, port: setPort, jumps } = options;
  const args = [...opensshOptions({ user: setUser, port: setPort, jumps }), '--', options.host];
  const given = (await context.askSsh(args)) ?? '';
  const config = parseSshConfig(given);
  if (config.needsOpenssh !== undefined && options.passwordFrom === undefined)
    throw needsOpenssh(options, config.needsOpenssh);

  const host = config.hostName ?? options.host;
  const user = setUser ?? config.user ?? context.localUser;
  const port = setPort ?? config.port ?? 22;
  const tokens = { ...context, calledAs: options.host, host, port, user };
  const agentSocket = agentOf(config, tokens, context.environment);
  const unsupported = unsupportedOptions(given, (await context.askSsh(['-F', 'none', ...args])) ?? given)
    // Without an ssh agent only the files have identities.
    .filter((name) => name !== 'IdentitiesOnly' || agentSocket !== undefined);
  return {
    name: options.host,
    host,
    port,
    user,
    identityFiles: options.identityFiles ?? (await defaultKeys(options, config, tokens)),
    ...(agentSocket === undefined ? {} : { agentSocket }),
    ...(options.passwordFrom === undefined ? {} : { passwordFrom: options.passwordFrom }),
    jumps: await jumpsOf(options, config, context, hopsLeft - 1),
    hostKeys: policyOf(options, config, tokens),
    ...(unsupported.length === 0 ? {} : { unsupported }),
  };
}

/** The error for a failed `ssh -G`. @param output of ssh, which names file and line */
export function unreadableSshConfig(host: string, output: string): SshConfigError {
  const why = output.trim().replaceAll(/\s*\r?\n/g, '; ');
  return new SshConfigError(
    `ssh cannot read its configuration for ${host}: ${why}. Correct it so that ssh -G ${host} works.`,
  );
}

function needsOpenssh({ host }: SshOptions, what: string): SshConfigError {
  return new SshConfigError(
    `~/.ssh/config has ${what} for ${host}, which the provider ssh2 does not support. ${useOpenssh(host)}`,
  );
}

/** The socket's path; undefined if no agent is used. */
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

const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

/** The existing keys. @throws SshConfigError if ssh2 supports none of them */
async function defaultKeys(options: SshOptions, { identityFiles }: SshConfig, tokens: Tokens): Promise<string[]> {
  const named = identityFiles.length > 0 ? identityFiles : DEFAULT_KEYS.map((name) => join('~', '.ssh', name));
  const kinds = await Promise.all(
    named.map(async (file) => {
      const path = expandTokens(file, tokens);
      return { path, kind: await kindOfKey(path) };
    }),
  );
  const usable = kinds.filter(({ kind }) => kind === 'usable');
  const needsToken = usable.length === 0 && kinds.some(({ kind }) => kind === 'token');
  if (needsToken && options.passwordFrom === undefined) throw needsOpenssh(options, 'only keys on a FIDO token');
  return usable.map(({ path }) => path);
}

/** For a key on a FIDO token the file holds only a handle. */
async function kindOfKey(path: string): Promise<'missing' | 'token' | 'usable'> {
  try {
    await access(path);
  } catch {
    return 'missing';
  }
  const publicKey = await readFile(`${path}.pub`, 'latin1').catch(() => '');
  return publicKey.startsWith('sk-') ? 'token' : 'usable';
}

/** Only the first jump host may have further jump hosts: each other one is reached through the previous one. */
async function jumpsOf(
  options: SshOptions,
  config: SshConfig,
  context: SshContext,
  hopsLeft: number,
): Promise<SshTarget[]> {
  const named = (options.jumps ?? config.jumps).flatMap((word) => word.split(',')).filter((word) => word !== 'none');
  const hops: SshTarget[] = [];
  for (const [index, word] of named.entries()) {
    const hop = await targetOf(optionsFor(parseHop(word, options.host), options, index === 0), context, hopsLeft);
    hops.push(...hop.jumps, { ...hop, jumps: [] });
  }
  return hops;
}

function optionsFor(jump: JumpHost, { hostKeys }: SshOptions, isFirst: boolean): SshOptions {
  return {
    ...jump,
    identityFiles: undefined,
    jumps: isFirst ? undefined : ['none'],
    // A fingerprint belongs to one host.
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
    // New keys are added to the user's file; without one, a changed key could not be detected.
    mode: isNew && ofUser.length > 0 ? 'accept-new' : 'strict',
    knownHostsFiles: [...ofUser, ...ofAll].map((file) => expandTokens(file, tokens)),
    ...(hostKeys?.startsWith('SHA256:') === true ? { fingerprint: hostKeys } : {}),
    ...(alias === undefined ? {} : { alias }),
  };
}
