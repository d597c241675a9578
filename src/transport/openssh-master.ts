// The connections that ssh's sessions share: which one is there, and where it is allowed, one of our own.
import type { Clock } from '../base/clock.ts';
import { inspectSocket } from '../base/trusted-socket.ts';
import { CommandNotFoundError, CommandTimeoutError, type HostUnreachableError } from './errors.ts';
import { refuseOthersKeys } from './host-key-check.ts';
import type { Transport, CommandResult } from './transport.ts';
import { createPersistentConnection, type Connection } from './persistent-connection.ts';
import type { LoginBackoff } from './login-backoff.ts';
import {
  checkMasterArgs,
  endMasterArgs,
  readControlPath,
  showConfigArgs,
  showHopArgs,
  startMasterArgs,
  type SshDestination,
} from './openssh-arguments.ts';
import { findHops, findUnchecked } from './openssh-hops.ts';
import { knownHostsFilesOf, readSshConfig } from './ssh-config.ts';
import { SshConfigError } from './ssh-config-target.ts';
import { unreachable } from './ssh-errors.ts';

export interface Masters {
  /**
   * The socket of a connection that was there a moment ago: the user's, else our own, which is made where it may be.
   * @throws HostUnreachableError when there is none, with what to do
   */
  find(): Promise<string>;
  isThere(controlPath: string): Promise<boolean>;
  /**
   * To be called right before each use: over a socket ssh checks no host key, and gives all to whoever listens there.
   * @throws HostUnreachableError when it is not this user's own, or gone
   */
  mustBeOurs(controlPath: string): void;
  /** To be called when it was found to be gone, so that the next `find` looks again. */
  forget(controlPath: string): void;
  gone(): HostUnreachableError;
  loginCount(): number;
  /** Ends our own connection. */
  close(why: Error): Promise<void>;
}

export interface MastersDeps {
  readonly here: Transport;
  readonly destination: SshDestination;
  /** The socket of a connection of our own; undefined where none may be made. */
  readonly ownPath: string | undefined;
  readonly pace: LoginBackoff;
  readonly clock: Clock;
}

const ASK_TIMEOUT_MS = 15_000;
const LOGIN_TIMEOUT_MS = 60_000;

interface OwnMaster extends Connection {
  readonly path: string;
  readonly lose: (why: Error) => void;
}

export function createMasters({ here, destination, ownPath, pace, clock }: MastersDeps): Masters {
  const { host } = destination;
  let found: string | undefined;
  let finding: Promise<string> | undefined;
  let hasControlPath = true;
  let own: OwnMaster | undefined;

  /** No command has been sent by any of this: whatever goes wrong, surely nothing was run. */
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
        throw unreachable({ kind: 'no ssh', host, words: error.message }, error);
      if (error instanceof CommandTimeoutError)
        throw unreachable({ kind: 'no answer', host, seconds: timeoutMs / 1000 }, error);
      throw error;
    }
  }

  /** Whether it is there. @throws HostUnreachableError when others may listen at it, or could be the next to do so */
  function isOurs(controlPath: string): boolean {
    const { isThere: isSocket, why } = inspectSocket(controlPath);
    if (why !== undefined) throw unreachable({ kind: 'untrusted socket', host, path: controlPath, why });
    return isSocket;
  }

  async function isThere(controlPath: string): Promise<boolean> {
    return isOurs(controlPath) && (await ask(checkMasterArgs(destination, controlPath))).exitCode === 0;
  }

  /** Read anew each time: a person may be mending it. */
  async function usersPath(): Promise<string | undefined> {
    const shown = await ask(showConfigArgs(destination));
    const path = readControlPath(shown.stdout);
    hasControlPath = path !== undefined;
    return path;
  }

  /** Read anew for each login, as ssh does: why a key on the way would not be checked, or by what others can change. */
  async function findUncheckedKeys(signal: AbortSignal): Promise<string | undefined> {
    const show = async (args: readonly string[]): Promise<string> => (await ask(args, ASK_TIMEOUT_MS, signal)).stdout;
    const shown = await show(showConfigArgs(destination));
    const config = readSshConfig(shown);
    try {
      const hops = await findHops(host, shown, (args) => show(showHopArgs(destination, args)));
      for (const hop of [...hops, { name: host, config }]) {
        const sentence = await refuseOthersKeys(hop.name, knownHostsFilesOf(hop));
        if (sentence !== undefined) return sentence;
      }
      return findUnchecked({ name: host, config, hops }, false);
    } catch (error) {
      if (error instanceof SshConfigError) return error.message;
      throw error;
    }
  }

  const login = createPersistentConnection<OwnMaster>({
    pace,
    clock,
    random: Math.random,
    async logIn(signal) {
      if (ownPath === undefined) throw gone();
      const sentence = await findUncheckedKeys(signal);
      if (sentence !== undefined) throw unreachable({ kind: 'host key', host, sentence });
      const args = startMasterArgs(destination, ownPath);
      const { exitCode, stderr } = await ask(args, LOGIN_TIMEOUT_MS, signal);
      if (exitCode !== 0) throw unreachable({ kind: 'ssh said', host, words: stderr });
      let lose: OwnMaster['lose'] = () => undefined;
      const lost = new Promise<Error>((resolve) => (lose = resolve));
      own = { path: ownPath, lost, lose, close: () => undefined };
      return own;
    },
  });

  async function look(): Promise<string> {
    for (const path of [await usersPath(), ownPath]) {
      if (path !== undefined && (await isThere(path))) return path;
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
    isThere,
    gone,
    loginCount: () => login.count(),
    async find() {
      if (found !== undefined) return found;
      finding ??= look().finally(() => (finding = undefined));
      found = await finding;
      return found;
    },
    forget,
    mustBeOurs(controlPath) {
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
      // One that is gone already need not be ended.
      if (own !== undefined && inspectSocket(own.path).why === undefined)
        await ask(endMasterArgs(destination, own.path)).catch(() => undefined);
    },
  };
}
