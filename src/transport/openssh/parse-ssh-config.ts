// Parses OpenSSH's configuration of a host, as printed by `ssh -G`.
import { userInfo } from 'node:os';

export interface SshConfig {
  readonly hostName: string | undefined;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[];
  /** Each `[user@]host[:port]`, nearest first. */
  readonly jumps: readonly string[];
  readonly userKnownHostsFiles: readonly string[] | undefined;
  readonly globalKnownHostsFiles: readonly string[] | undefined;
  /** A path, `none`, `SSH_AUTH_SOCK`, or another variable with a leading `$`. */
  readonly identityAgent: string | undefined;
  readonly acceptsNewKeys: boolean;
  /** The line that accepts any key of the host, if there is one. */
  readonly anyKeyLine: string | undefined;
  /** A ProxyCommand that accepts any key of a host before this one. */
  readonly uncheckedProxy: string | undefined;
  readonly hostKeyAlias: string | undefined;
  /** Whether connections can be shared (ControlPath). */
  readonly hasControlPath: boolean;
  /** A feature that only OpenSSH has, for a message; undefined if none is configured. */
  readonly needsOpenssh: string | undefined;
}

/** Parses the output of `ssh -G`; an empty text sets nothing. */
export function parseSshConfig(text: string): SshConfig {
  const lines = text.split('\n').map((line): [string, string] => {
    const space = line.indexOf(' ');
    return space === -1 ? [line.toLowerCase(), ''] : [line.slice(0, space).toLowerCase(), line.slice(space + 1).trim()];
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
    anyKeyLine: findAnyKeyLine(only),
    uncheckedProxy: findUncheckedProxy(only),
    hostKeyAlias: only('hostkeyalias'),
    hasControlPath: only('controlpath') !== undefined,
    needsOpenssh: NEEDS_OPENSSH.find(({ isSo }) => isSo(only))?.what,
  };
}

/** Our settings as ssh options, which take precedence over ssh's configuration. */
export function opensshOptions({ user, port, identityFiles = [], jumps = [] }: SshSettings): string[] {
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...identityFiles.flatMap((file) => ['-i', file]),
    ...(jumps.length === 0 ? [] : ['-J', jumps.join(',')]),
  ];
}

export interface SshSettings {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles?: readonly string[] | undefined;
  readonly jumps?: readonly string[] | undefined;
}

type Only = (key: string) => string | undefined;

/** The line that turns off the host key check. */
function findAnyKeyLine(only: Only): string | undefined {
  if (/^(?:no|false|off)$/.test(only('stricthostkeychecking') ?? '')) return 'StrictHostKeyChecking no';
  // Applies to a loopback address without a HostKeyAlias:
  // https://github.com/openssh/openssh-portable/blob/master/sshconnect.c (check_host_key)
  const isLocal = /^(?:localhost|127\..*|::1)$/.test(only('hostname') ?? '') && only('hostkeyalias') === undefined;
  return isLocal && isOn(only('nohostauthenticationforlocalhost')) ? 'NoHostAuthenticationForLocalhost yes' : undefined;
}

/** Only the text of the ProxyCommand can be checked, not what its program does. */
function findUncheckedProxy(only: Only): string | undefined {
  const line = only('proxycommand') ?? '';
  return /StrictHostKeyChecking[\s='"]+(?:no|false|off)\b/i.test(line) ? line : undefined;
}

interface Need {
  readonly what: string;
  readonly isSo: (only: Only) => boolean;
}

/** ssh2 has none of these. GSSAPIAuthentication alone does not count: Debian turns it on for every host. */
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

export interface JumpHost {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`, as in ProxyJump; undefined for any other text. */
export function parseJump(text: string): JumpHost | undefined {
  const found = /^(?:ssh:\/\/)?(?:([^@/\s]+)@)?(\[[^\]\s]+\]|[^-:@/\s[][^:@/\s]*)(?::(\d{1,5}))?\/?$/.exec(text);
  const [, user, host = '', port] = found ?? [];
  if (found === null || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return undefined;
  return { user, host: host.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? undefined : Number(port) };
}

export interface Tokens {
  readonly homeDir: string;
  readonly localUser: string;
  /** The name that the user typed. */
  readonly calledAs: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** Expands `~` and the tokens of ssh_config(5) in a path. */
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

/** The known_hosts files of a host with tokens expanded: an old ssh prints them unexpanded. */
export function knownHostsFilesOf({ name, config }: { readonly name: string; readonly config: SshConfig }): string[] {
  const { homedir: homeDir, username: localUser } = userInfo();
  const { hostName: host = name, port = 22, user = localUser } = config;
  const tokens = { homeDir, localUser, calledAs: name, host, port, user };
  const files = [...(config.userKnownHostsFiles ?? []), ...(config.globalKnownHostsFiles ?? [])];
  return files.map((file) => expandTokens(file, tokens));
}
