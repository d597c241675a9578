// A machine reached by the package ssh2: one kept connection, few shells on it, every command framed and held to its deadline.
import { systemClock, type Clock } from '../base/clock.ts';
import { HostUnreachableError } from './errors.ts';
import type { HostKeys } from './host-key-check.ts';
import type { Transport } from './transport.ts';
import { createPersistentConnection, type Connection } from './persistent-connection.ts';
import { defaultLoginBackoff, type LoginBackoff } from './login-backoff.ts';
import { randomNonce } from './frame.ts';
import { createRemoteTransport, orAborted, type SshTransport } from './remote-transport.ts';
import { remoteScript, remoteWord, type RemoteContext } from './remote-script.ts';
import { createShellPool, MaxSessionsError, type ShellPool } from './shell-pool.ts';
import { createSsh2Shell, type Ssh2Shell } from './ssh2-shell.ts';
import type { SshTarget } from './ssh-target.ts';
import { connectBySsh2, type Ssh2Connection } from './ssh2-connection.ts';

export interface Ssh2HostOptions {
  readonly target: SshTarget;
  readonly surroundings: RemoteContext;
  readonly hostKeysOf: (target: SshTarget) => HostKeys;
  /** This machine, for the command that prints a password. */
  readonly here: Transport;
  /** Commands at once on the connection; 4 when left out (sshd's own limit, MaxSessions, is 10 unless a site lowers it). */
  readonly maxChannels?: number;
  /** 30,000 when left out: for all that happens until the last host has let us in. */
  readonly loginTimeoutMs?: number;
  readonly pace?: LoginBackoff;
  readonly clock?: Clock;
  readonly keepalive?: { readonly intervalMs: number; readonly count: number };
}

const MAX_CHANNELS = 4;
const LOGIN_TIMEOUT_MS = 30_000;
/** A connection that carries nothing for a minute, not even an answer to this, is lost. */
const KEEPALIVE = { intervalMs: 15_000, count: 4 };
/** A connection, and the shells on it. */
interface Line extends Connection {
  readonly shells: ShellPool<Ssh2Shell>;
}

export function createSsh2Host(options: Ssh2HostOptions): SshTransport {
  const { target, surroundings, hostKeysOf, here, clock = systemClock } = options;
  const { maxChannels = MAX_CHANNELS, loginTimeoutMs = LOGIN_TIMEOUT_MS, keepalive = KEEPALIVE } = options;
  const name = `${target.user}@${target.name}`;
  const login = createPersistentConnection<Line>({
    async logIn(signal) {
      const connection = await connectBySsh2(target, { hostKeysOf, here, loginTimeoutMs, keepalive }, signal);
      return { ...connection, shells: createShellPool(() => openShell(connection), maxChannels) };
    },
    pace: options.pace ?? defaultLoginBackoff,
    clock,
    random: Math.random,
  });

  /** Nothing is run before a script is sent, so a shell that can't be had is surely nothing run. */
  async function openShell({ exec, close }: Ssh2Connection): Promise<Ssh2Shell> {
    const token = randomNonce();
    try {
      return createSsh2Shell({ channel: await exec(remoteWord(token)), token, hostName: name, giveUp: close });
    } catch (error) {
      if (error instanceof MaxSessionsError) throw error;
      const words = error instanceof Error ? error.message : String(error);
      throw new HostUnreachableError(`The connection to ${name} was lost before anything was sent: ${words}`, {
        cause: error,
      });
    }
  }

  return createRemoteTransport({
    name,
    calledAs: target.name,
    loginCount: () => login.count(),
    end: (why) => login.close(why),
    async attempt({ command, unlessBegun, begin, signals }) {
      const { shells } = await orAborted(login.get(), unlessBegun);
      return await shells.lend((shell) => {
        begin();
        const nonce = randomNonce();
        return shell.run({ command, nonce, script: remoteScript(command, surroundings, nonce), signals });
      }, unlessBegun);
    },
  });
}
