// Command lines of the system's ssh. Sessions use an open connection; they never prompt or open another one.
import { resolve } from 'node:path';
import { quoteWord } from '../../base/shell-word.ts';

/** A host and the options that precede it, such as -p, -l, -J or -F. */
export interface SshDestination {
  /** As typed after `ssh`: a name of ~/.ssh/config, or user@host. */
  readonly host: string;
  readonly options: readonly string[];
}

/** Prints ssh's configuration for the host (ssh(1), -G). */
export function showConfigArgs({ host, options }: SshDestination): string[] {
  return [...options, '-G', host];
}

/** The same for a jump host. As in ssh, only the -F of the last host's options applies to it. */
export function showHopArgs({ options }: SshDestination, hop: readonly string[]): string[] {
  const file = options.indexOf('-F');
  return [...(file === -1 ? [] : options.slice(file, file + 2)), '-G', ...hop];
}

/** Absolute path of the socket for a shared connection; undefined if the configuration has none. */
export function parseControlPath(shown: string): string | undefined {
  const path = /^controlpath (.+)$/m.exec(shown)?.[1];
  return path === undefined || path === 'none' ? undefined : resolve(path);
}

export function checkMasterArgs({ host }: SshDestination, controlPath: string): string[] {
  return [...NO_CONFIG, '-S', controlPath, '-O', 'check', host];
}

export function endMasterArgs({ host }: SshDestination, controlPath: string): string[] {
  return [...NO_CONFIG, '-S', controlPath, '-O', 'exit', host];
}

/** How long our own connection outlives the last command, so that a restarted daemon finds it. */
const PERSIST = '1h';

/** Logs in without prompts and leaves the connection open in the background. */
export function startMasterArgs({ host, options }: SshDestination, controlPath: string): string[] {
  const settings = [
    // With `yes`, ssh would log in and not listen if a killed one has left its socket. With `auto`, it removes such a socket.
    'ControlMaster=auto',
    `ControlPersist=${PERSIST}`,
    'BatchMode=yes',
    'ForwardAgent=no',
    // The ssh agent may belong to another user: it must not get a key.
    'AddKeysToAgent=no',
    'ClearAllForwardings=yes',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
  ];
  return [...settings.flatMap((setting) => ['-o', setting]), '-S', controlPath, ...options, '-T', '-N', '-f', host];
}

/**
 * Runs the command through the connection at that path. Without one, or without a free session, ssh would log in again: instead the
 * ProxyCommand prints the nonce and nothing runs.
 */
export function sessionArgs({ host }: SshDestination, controlPath: string, command: string, nonce: string): string[] {
  const settings = ['ControlMaster=no', 'BatchMode=yes', 'LogLevel=ERROR', `ProxyCommand=${printNoConnection(nonce)}`];
  return [
    ...NO_CONFIG,
    '-T',
    '-S',
    controlPath,
    ...settings.flatMap((setting) => ['-o', setting]),
    '--',
    host,
    command,
  ];
}

/** A session on an open connection needs no configuration. */
const NO_CONFIG = ['-F', '/dev/null'];

function noConnectionMark(nonce: string): string {
  return `[${nonce} no connection]`;
}

function printNoConnection(nonce: string): string {
  return `sh -c ${quoteWord(`echo "${noConnectionMark(nonce)}" >&2`)}`;
}

/** Whether ssh found no open connection for its session. */
export function isUnreachable(stderr: string, nonce: string): boolean {
  return stderr.includes(noConnectionMark(nonce));
}
