// Runs commands by the package ssh2: one persistent connection with a pool of shells.
import { systemClock, type Clock } from '../../base/clock.ts';
import { HostUnreachableError } from '../errors.ts';
import type { HostKeys } from '../host-keys/check-host-key.ts';
import type { Transport } from '../transport.ts';
import {
  createPersistentConnection,
  type Connection,
  defaultLoginBackoff,
  type LoginBackoff,
} from '../persistent-connection.ts';
import { randomNonce } from '../output-frame.ts';
import { createRemoteTransport, type SshTransport } from '../remote-transport.ts';
import { orAborted } from '../../base/abort-with.ts';
import { remoteScript, remoteCommand, type RemoteContext } from '../remote-script.ts';
import { createShellPool, MaxSessionsError, type ShellPool } from '../shell-pool.ts';
import { createSsh2Shell, type Ssh2Shell } from './ssh2-shell.ts';
import type { SshTarget } from '../ssh-target.ts';
import { connectBySsh2, type Ssh2Connection } from './open-ssh2-connection.ts';
import { messageOf } from '../../base/error-message.ts';

export interface Ssh2TransportOptions {
  readonly target: SshTarget;
  readonly context: RemoteContext;
  readonly hostKeysOf: (target: SshTarget) => HostKeys;
  /** The local transport, for the command that prints a password. */
  readonly here: Transport;
  /** Concurrent commands; default 4. sshd's limit, MaxSessions, is 10 by default. */
  readonly maxChannels?: number;
  /** For the whole login over all jump hosts; default 30,000. */
  readonly loginTimeoutMs?: number;
  /** For a channel to close after the deadline of its command; default 30,000. A later one costs the connection. */
  readonly closeTimeoutMs?: number;
  readonly backoff?: LoginBackoff;
  readonly clock?: Clock;
  readonly keepalive?: { readonly intervalMs: number; readonly count: number };
}

const MAX_CHANNELS = 4;
const LOGIN_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 30_000;
/** A connection without any response for a minute is lost. */
const KEEPALIVE = { intervalMs: 15_000, count: 4 };

/** A connection with its shells. */
interface PooledConnection extends Connection {
  readonly shells: ShellPool<Ssh2Shell>;
}

export function createSsh2Transport(options: Ssh2TransportOptions): SshTransport {
  const { target, context, hostKeysOf, here, clock = systemClock } = options;
  const { maxChannels = MAX_CHANNELS, loginTimeoutMs = LOGIN_TIMEOUT_MS, keepalive = KEEPALIVE } = options;
  const { closeTimeoutMs = CLOSE_TIMEOUT_MS } = options;
  const name = `${target.user}@${target.name}`;
  const login = createPersistentConnection<PooledConnection>({
    async logIn(signal) {
      const connection = await connectBySsh2(target, { hostKeysOf, here, loginTimeoutMs, keepalive }, signal);
      return { ...connection, shells: createShellPool(() => openShell(connection), maxChannels) };
    },
    backoff: options.backoff ?? defaultLoginBackoff,
    clock,
    random: Math.random,
  });

  /** Nothing runs before a script is sent, so a failure to open a shell means that nothing ran. */
  async function openShell({ exec, close, sendTogether }: Ssh2Connection): Promise<Ssh2Shell> {
    const token = randomNonce();
    try {
      return await exec(remoteCommand(token), (channel) =>
        createSsh2Shell({ channel, token, hostName: name, closeTimeoutMs, sendTogether, giveUp: close }),
      );
    } catch (error) {
      if (error instanceof MaxSessionsError) throw error;
      throw new HostUnreachableError(
        `The connection to ${name} was lost before anything was sent: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  return createRemoteTransport({
    name,
    calledAs: target.name,
    loginCount: () => login.count(),
    end: (why) => login.close(why),
    async attempt({ command, beforeStart, begin, signals }) {
      const { shells } = await orAborted(login.get(), beforeStart);
      return await shells.lend(
        (shell) => {
          begin();
          const nonce = randomNonce();
          return shell.run({ command, nonce, script: remoteScript(command, context, nonce), signals });
        },
        beforeStart,
        command.runAs !== undefined,
      );
    },
  });
}
