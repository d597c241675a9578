// How the system's ssh is asked: through a connection that is there already, and so that it can neither prompt nor make one of its own.
import { resolve } from 'node:path';
import { quoteWord } from '../base/shell-word.ts';

/** What ssh is told before the host: options such as -p, -l, -J or -F, as a person would type them. */
export interface SshDestination {
  /** What a person types after `ssh`: a name of ~/.ssh/config, or user@host. */
  readonly host: string;
  readonly options: readonly string[];
}

/** Prints what ssh's own configuration says about the host (ssh(1), -G). */
export function showConfigArgs({ host, options }: SshDestination): string[] {
  return [...options, '-G', host];
}

/** The same of a host on the way: as ssh does, it is asked of the same file, and of no other option of the last host. */
export function showHopArgs({ options }: SshDestination, hop: readonly string[]): string[] {
  const file = options.indexOf('-F');
  return [...(file === -1 ? [] : options.slice(file, file + 2)), '-G', ...hop];
}

/** The socket by which a connection can be shared, as an absolute path; undefined where the configuration names none. */
export function readControlPath(shown: string): string | undefined {
  const path = /^controlpath (.+)$/m.exec(shown)?.[1];
  return path === undefined || path === 'none' ? undefined : resolve(path);
}

export function checkMasterArgs({ host }: SshDestination, controlPath: string): string[] {
  return [...NO_CONFIG, '-S', controlPath, '-O', 'check', host];
}

export function endMasterArgs({ host }: SshDestination, controlPath: string): string[] {
  return [...NO_CONFIG, '-S', controlPath, '-O', 'exit', host];
}

/** How long a connection of our own outlives the last command: a daemon that is started again finds it. */
const PERSIST = '1h';

/** Logs in without asking anybody anything, and leaves the connection open in the background. */
export function startMasterArgs({ host, options }: SshDestination, controlPath: string): string[] {
  const settings = [
    'ControlMaster=yes',
    `ControlPersist=${PERSIST}`,
    'BatchMode=yes',
    'ForwardAgent=no',
    // An agent gets no key from us: it need not be the user's own.
    'AddKeysToAgent=no',
    'ClearAllForwardings=yes',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
  ];
  return [...settings.flatMap((setting) => ['-o', setting]), '-S', controlPath, ...options, '-T', '-N', '-f', host];
}

/**
 * Runs the word through the connection at that path. Where there is none, or it takes no further session, ssh would log in
 * anew: instead it comes upon a way that only says so, by the nonce. Then surely nothing was run.
 */
export function sessionArgs({ host }: SshDestination, controlPath: string, word: string, nonce: string): string[] {
  const settings = ['ControlMaster=no', 'BatchMode=yes', 'LogLevel=ERROR', `ProxyCommand=${sayNoWay(nonce)}`];
  return [...NO_CONFIG, '-T', '-S', controlPath, ...settings.flatMap((setting) => ['-o', setting]), '--', host, word];
}

/** What the configuration says is no concern of a session on a connection that is there. */
const NO_CONFIG = ['-F', '/dev/null'];

function noWayMark(nonce: string): string {
  return `[${nonce} no way]`;
}

function sayNoWay(nonce: string): string {
  return `sh -c ${quoteWord(`echo "${noWayMark(nonce)}" >&2`)}`;
}

/** Whether ssh found no connection for its session. */
export function isUnreachable(stderr: string, nonce: string): boolean {
  return stderr.includes(noWayMark(nonce));
}
