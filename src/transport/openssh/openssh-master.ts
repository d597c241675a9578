// Finds the shared connection for ssh's sessions, and opens one of our own where that is allowed.
import type { Clock } from '../../base/clock.ts';
import { inspectSocket } from '../../base/trusted-socket.ts';
import { CommandNotFoundError, CommandTimeoutError, HostUnreachableError } from '../errors.ts';
import { refuseUntrustedFiles } from '../host-keys/check-host-key.ts';
import type { Transport, CommandResult } from '../transport.ts';
import { createPersistentConnection, type Connection, type LoginBackoff } from '../persistent-connection.ts';
import {
  checkMasterArgs,
  endMasterArgs,
  parseControlPath,
  showConfigArgs,
  showHopArgs,
  startMasterArgs,
  type SshDestination,
} from './openssh-arguments.ts';
import { findHops, findUnchecked } from './openssh-hops.ts';
import { knownHostsFilesOf, parseSshConfig } from './parse-ssh-config.ts';
import { SshConfigError, unreadableSshConfig } from '../ssh2/find-ssh2-target.ts';
import { unreachable } from '../ssh-errors.ts';

export interface Masters {
  /**
   * The socket of an open connection: the user's, else our own, which is opened if allowed.
   * @throws HostUnreachableError without one; its message says what to do
   */
  find(): Promise<string>;
  isOpen(controlPath: string): Promise<boolean>;
  /**
   * Call it right before each use: over a socket ssh checks no host key and sends everything to the listening process.
   * @throws HostUnreachableError if the socket is gone or another user may own it
   */
  assertOwned(controlPath: string): void;
  /** Call it when the connection is gone, so that the next `find` searches again. */
  forget(controlPath: string): void;
  gone(): HostUnreachableError;
  loginCount(): number;
  /** Closes our own connection. */
  close(why: Error): Promise<void>;
}

export interface MastersDeps {
  readonly here: Transport;
  readonly destination: SshDestination;
  /** The socket of our own connection; undefined if none may be opened. */
  readonly ownPath: string | undefined;
  readonly backoff: LoginBackoff;
  readonly clock: Clock;
}

const ASK_TIMEOUT_MS = 15_000;
const LOGIN_TIMEOUT_MS = 60_000;
/** How long our own connection may take to end after ssh has told it to. */
const END_TIMEOUT_MS = 10_000;
const END_POLL_MS = 20;

interface OwnMaster extends Connection {
  readonly path: string;
  readonly lose: (why: Error) => void;
}

export function createMasters({ here, destination, ownPath, backoff, clock }: MastersDeps): Masters {
  const { host } = destination;
  let found: string | undefined;
  let finding: Promise<string> | undefined;
  let hasControlPath = true;
  let own: OwnMaster | undefined;

  /** None of these calls sends a command: on any error nothing ran. */
  async function ask(
    args: readonly string[],
    timeoutMs = ASK_TIMEOUT_MS,
    signal?: AbortSignal,
  ): Promise<CommandResult> {
    const command = { program: 'ssh', args, timeoutMs };
    try {
      return await here.run(signal === undefined ? command : { ...command, signal });
    } catch (error) {
      if (error instanceof CommandNotFoundError)
        throw unreachable({ kind: 'no ssh', host, output: error.message }, error);
      if (error instanceof CommandTimeoutError)
        throw unreachable({ kind: 'timeout', host, seconds: timeoutMs / 1000 }, error);
      throw error;
    }
  }

  /** Whether the socket exists. @throws HostUnreachableError if another user may listen at it, or could replace it */
  function isOurs(controlPath: string): boolean {
    const { isThere: isSocket, why } = inspectSocket(controlPath);
    if (why !== undefined) throw unreachable({ kind: 'untrusted socket', host, path: controlPath, why });
    return isSocket;
  }

  async function isOpen(controlPath: string): Promise<boolean> {
    return isOurs(controlPath) && (await ask(checkMasterArgs(destination, controlPath))).exitCode === 0;
  }

  /** Read for each search: the user may be editing it. */
  async function usersPath(): Promise<string | undefined> {
    const { exitCode, stdout, stderr } = await ask(showConfigArgs(destination));
    if (exitCode !== 0) throw new HostUnreachableError(unreadableSshConfig(host, stderr).message);
    const path = parseControlPath(stdout);
    hasControlPath = path !== undefined;
    return path;
  }

  /** Why a host key would not be checked, or a known_hosts file could be changed by others. Read for each login, as ssh does. */
  async function findUncheckedKeys(signal: AbortSignal): Promise<string | undefined> {
    const show = async (args: readonly string[]): Promise<string> => (await ask(args, ASK_TIMEOUT_MS, signal)).stdout;
    const shown = await show(showConfigArgs(destination));
    const config = parseSshConfig(shown);
    try {
      const hops = await findHops(host, shown, (args) => show(showHopArgs(destination, args)));
      for (const hop of [...hops, { name: host, config }]) {
        const message = await refuseUntrustedFiles(hop.name, knownHostsFilesOf(hop));
        if (message !== undefined) return message;
      }
      return findUnchecked({ name: host, config, hops }, false);
    } catch (error) {
      if (error instanceof SshConfigError) return error.message;
      throw error;
    }
  }

  const login = createPersistentConnection<OwnMaster>({
    backoff,
    clock,
    random: Math.random,
    async logIn(signal) {
      if (ownPath === undefined) throw gone();
      const message = await findUncheckedKeys(signal);
      if (message !== undefined) throw unreachable({ kind: 'host key', host, message });
      const args = startMasterArgs(destination, ownPath);
      const { exitCode, stderr } = await ask(args, LOGIN_TIMEOUT_MS, signal);
      if (exitCode !== 0) throw unreachable({ kind: 'ssh failed', host, output: stderr });
      let lose: OwnMaster['lose'] = () => undefined;
      const lost = new Promise<Error>((resolve) => (lose = resolve));
      own = { path: ownPath, lost, lose, close: () => undefined };
      return own;
    },
  });

  async function search(): Promise<string> {
    for (const path of [await usersPath(), ownPath]) {
      if (path !== undefined && (await isOpen(path))) return path;
    }
    if (ownPath === undefined) throw gone();
    return (await login.get()).path;
  }

  function gone(): HostUnreachableError {
    return unreachable(hasControlPath ? { kind: 'master gone', host } : { kind: 'no control path', host });
  }

  function forget(controlPath: string): void {
    if (found === controlPath) found = undefined;
    if (own?.path === controlPath) own.lose(gone());
  }

  return {
    isOpen,
    gone,
    loginCount: () => login.count(),
    async find() {
      if (found !== undefined) return found;
      finding ??= search().finally(() => (finding = undefined));
      found = await finding;
      return found;
    },
    forget,
    assertOwned(controlPath) {
      let isGone = true;
      try {
        isGone = !isOurs(controlPath);
      } finally {
        if (isGone) forget(controlPath);
      }
      if (isGone) throw gone();
    },
    async close(why) {
      login.close(why);
      // A connection that is gone need not be closed.
      if (own === undefined || inspectSocket(own.path).why !== undefined) return;
      await ask(endMasterArgs(destination, own.path)).catch(() => undefined);
      // `ssh -O exit` returns earlier. A successor would find this connection open, and its first command would be lost.
      for (let waitedMs = 0; waitedMs < END_TIMEOUT_MS && inspectSocket(own.path).isThere; waitedMs += END_POLL_MS)
        await clock.sleep(END_POLL_MS);
    },
  };
}
