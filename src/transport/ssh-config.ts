// What OpenSSH's own configuration says of a host, as `ssh -G` prints it.
import { userInfo } from 'node:os';

export interface SshConfig {
  readonly hostName: string | undefined;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[];
  /** Each `[user@]host[:port]`, the nearest first. */
  readonly jumps: readonly string[];
  readonly userKnownHostsFiles: readonly string[] | undefined;
  readonly globalKnownHostsFiles: readonly string[] | undefined;
  /** A path, `none`, `SSH_AUTH_SOCK`, or the name of another variable behind a `$`. */
  readonly identityAgent: string | undefined;
  readonly acceptsNewKeys: boolean;
  /** The line by which any key of the host is taken; undefined where there is none. */
  readonly takesAnyKeyBy: string | undefined;
  /** The ProxyCommand, where any key of a host before this one is taken by it. */
  readonly uncheckedProxy: string | undefined;
  readonly hostKeyAlias: string | undefined;
  /** Whether connections to it can be shared (ControlPath). */
  readonly hasControlPath: boolean;
  /** What only OpenSSH itself can do, in words for a person; undefined when there is no such thing. */
  readonly needsOpenssh: string | undefined;
}

/** Reads the output of `ssh -G`; an empty text says nothing. */
export function readSshConfig(text: string): SshConfig {
  const lines = text.split('\n').map((line): [string, string] => {
    const blank = line.indexOf(' ');
    return blank === -1 ? [line.toLowerCase(), ''] : [line.slice(0, blank).toLowerCase(), line.slice(blank + 1).trim()];
  });
  const all = (key: string): string[] =>
    lines.filter(([name, value]) => name === key && value !== '' && value !== 'none').map(([, value]) => value);
  const only = (key: string): string | undefined => all(key)[0];
  const files = (key: string): string[] | undefined =>
    lines.some(([name]) => name === key) ? all(key).flatMap((value) => value.split(' ')) : undefined;

  return {
    hostName: only('hostname'),
    user: only('user'),
    port: only('port') === undefined ? undefined : Number(only('port')),
    identityFiles: all('identityfile'),
    jumps: all('proxyjump').flatMap((value) => value.split(',')),
    userKnownHostsFiles: files('userknownhostsfile'),
    globalKnownHostsFiles: files('globalknownhostsfile'),
    identityAgent: lines.find(([name]) => name === 'identityagent')?.[1],
    acceptsNewKeys: only('stricthostkeychecking') === 'accept-new',
    takesAnyKeyBy: lineThatTakesAnyKey(only),
    uncheckedProxy: proxyThatTakesAnyKey(only),
    hostKeyAlias: only('hostkeyalias'),
    hasControlPath: only('controlpath') !== undefined,
    needsOpenssh: NEEDS_OPENSSH.find(({ isSo }) => isSo(only))?.what,
  };
}

/** What our own configuration may say, as words for ssh: they come before whatever its own configuration says. */
export function opensshOptions({ user, port, identityFiles = [], jumps = [] }: SshWords): string[] {
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...identityFiles.flatMap((file) => ['-i', file]),
    ...(jumps.length === 0 ? [] : ['-J', jumps.join(',')]),
  ];
}

export interface SshWords {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles?: readonly string[] | undefined;
  readonly jumps?: readonly string[] | undefined;
}

type Only = (key: string) => string | undefined;

/** What switches the check of a host's key off, as a line. */
function lineThatTakesAnyKey(only: Only): string | undefined {
  if (/^(?:no|false|off)$/.test(only('stricthostkeychecking') ?? '')) return 'StrictHostKeyChecking no';
  // It counts on a loopback address without a HostKeyAlias (check_host_key in OpenSSH's sshconnect.c).
  const isLocal = /^(?:localhost|127\..*|::1)$/.test(only('hostname') ?? '') && only('hostkeyalias') === undefined;
  return isLocal && isOn(only('nohostauthenticationforlocalhost')) ? 'NoHostAuthenticationForLocalhost yes' : undefined;
}

/** It is a program of the user's: only what stands in its line can be seen. */
function proxyThatTakesAnyKey(only: Only): string | undefined {
  const line = only('proxycommand') ?? '';
  return /StrictHostKeyChecking[\s='"]+(?:no|false|off)\b/i.test(line) ? line : undefined;
}

interface Need {
  readonly what: string;
  readonly isSo: (only: Only) => boolean;
}

/** ssh2 knows none of these. GSSAPIAuthentication alone means nothing: Debian says yes for every host. */
const NEEDS_OPENSSH: readonly Need[] = [
  { what: 'a ProxyCommand', isSo: (only) => only('proxycommand') !== undefined },
  { what: 'a certificate (CertificateFile)', isSo: (only) => only('certificatefile') !== undefined },
  { what: 'a smart card (PKCS11Provider)', isSo: (only) => only('pkcs11provider') !== undefined },
  { what: 'a KnownHostsCommand', isSo: (only) => only('knownhostscommand') !== undefined },
  { what: 'a list of RevokedHostKeys', isSo: (only) => only('revokedhostkeys') !== undefined },
  {
    what: 'Kerberos (GSSAPIAuthentication)',
    isSo: (only) =>
      isOn(only('gssapiauthentication')) &&
      (isOff(only('pubkeyauthentication')) || /^gssapi[^,]*$/.test(only('preferredauthentications') ?? '')),
  },
];

function isOn(value: string | undefined): boolean {
  return value === 'yes' || value === 'true';
}

function isOff(value: string | undefined): boolean {
  return value === 'no' || value === 'false';
}

export interface JumpWords {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`, as ProxyJump takes it; undefined when it is neither. */
export function readJump(text: string): JumpWords | undefined {
  const found = /^(?:ssh:\/\/)?(?:([^@/\s]+)@)?(\[[^\]\s]+\]|[^-:@/\s[][^:@/\s]*)(?::(\d{1,5}))?\/?$/.exec(text);
  const [, user, host = '', port] = found ?? [];
  if (found === null || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return undefined;
  return { user, host: host.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? undefined : Number(port) };
}

export interface Tokens {
  readonly homeDir: string;
  readonly localUser: string;
  /** As the user calls it. */
  readonly calledAs: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** A path with `~` and the tokens of ssh_config(5) put in. */
export function expandTokens(path: string, tokens: Tokens): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: tokens.homeDir,
    h: tokens.host,
    n: tokens.calledAs,
    p: String(tokens.port),
    r: tokens.user,
    u: tokens.localUser,
  };
  return path.replace(/^~(?=\/|$)/, tokens.homeDir).replace(/%(.)/g, (token, name: string) => values[name] ?? token);
}

/** Those that ssh reads for a host, whole: an old one shows them as they are written. */
export function knownHostsFilesOf({ name, config }: { readonly name: string; readonly config: SshConfig }): string[] {
  const { homedir: homeDir, username: localUser } = userInfo();
  const { hostName: host = name, port = 22, user = localUser } = config;
  const tokens = { homeDir, localUser, calledAs: name, host, port, user };
  const files = [...(config.userKnownHostsFiles ?? []), ...(config.globalKnownHostsFiles ?? [])];
  return files.map((file) => expandTokens(file, tokens));
}
