// A machine reached by the package ssh2: one kept connection, few shells on it, every command framed and held to its deadline.
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { systemClock, type Clock } from '../base/clock.ts';
import { HostLost, HostUnreachable } from './errors.ts';
import type { HostKeys } from './host-key-check.ts';
import type { Host, HostCommand, HostResult } from './host.ts';
import { createKeptLogin, type Connection } from './kept-login.ts';
import { ordinaryPace, type LoginPace } from './login-pace.ts';
import { remoteScript, remoteWord, type RemoteSurroundings } from './remote-script.ts';
import { createShellPool, MaxSessionsReached, type ShellPool } from './shell-pool.ts';
import { createSsh2Shell, type Ssh2Shell } from './ssh2-shell.ts';
import type { SshTarget } from './ssh-target.ts';
import { unreachable } from './ssh-trouble.ts';
import { connectBySsh2, type Ssh2Connection } from './ssh2-connection.ts';

export interface Ssh2HostOptions {
  readonly target: SshTarget;
  readonly surroundings: RemoteSurroundings;
  readonly hostKeysOf: (target: SshTarget) => HostKeys;
  /** This machine, for the command that prints a password. */
  readonly here: Host;
  /** Commands at once on the connection; 4 when left out (sshd's own limit, MaxSessions, is 10 unless a site lowers it). */
  readonly maxChannels?: number;
  /** 30,000 when left out: for all that happens until the last host has let us in. */
  readonly loginTimeoutMs?: number;
  readonly pace?: LoginPace;
  readonly clock?: Clock;
  readonly keepalive?: { readonly intervalMs: number; readonly count: number };
}

export interface SshHost extends Host {
  /** How often it was tried to log in since the host was made. */
  loginCount(): number;
}

const MAX_CHANNELS = 4;
const LOGIN_TIMEOUT_MS = 30_000;
/** A connection that carries nothing for a minute, not even an answer to this, is lost. */
const KEEPALIVE = { intervalMs: 15_000, count: 4 };
/** A connection, and the shells on it. */
interface Line extends Connection {
  readonly shells: ShellPool<Ssh2Shell>;
}

export function createSsh2Host(options: Ssh2HostOptions): SshHost {
  const { target, surroundings, hostKeysOf, here, clock = systemClock } = options;
  const { maxChannels = MAX_CHANNELS, loginTimeoutMs = LOGIN_TIMEOUT_MS, keepalive = KEEPALIVE } = options;
  const name = `${target.user}@${target.name}`;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<unknown>>();

  const login = createKeptLogin<Line>({
    async logIn(signal) {
      const connection = await connectBySsh2(target, { hostKeysOf, here, loginTimeoutMs, keepalive }, signal);
      return { ...connection, shells: createShellPool(() => openShell(connection), maxChannels) };
    },
    pace: options.pace ?? ordinaryPace,
    clock,
    random: Math.random,
  });

  /** Nothing is run before a script is sent, so a shell that can't be had is surely nothing run. */
  async function openShell({ exec, close }: Ssh2Connection): Promise<Ssh2Shell> {
    const token = randomToken();
    try {
      return createSsh2Shell({ channel: await exec(remoteWord(token)), token, hostName: name, giveUp: close });
    } catch (error) {
      if (error instanceof MaxSessionsReached) throw error;
      const words = error instanceof Error ? error.message : String(error);
      throw new HostUnreachable(`The connection to ${name} was lost before anything was sent: ${words}`, {
        cause: error,
      });
    }
  }

  async function run(command: HostCommand): Promise<HostResult> {
    const signals = [closing.signal, ...(command.signal === undefined ? [] : [command.signal])];
    // As long as nothing is sent, waiting for the login or for a shell costs nothing but time.
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(notSent(command)), command.timeoutMs);
    try {
      const stop = AbortSignal.any([...signals, waiting.signal]);
      const { shells } = await orAborted(login.get(), stop);
      return await shells.lend((shell) => {
        clearTimeout(timer);
        const nonce = randomToken();
        return shell.run({ command, nonce, script: remoteScript(command, surroundings, nonce), signals });
      }, stop);
    } catch (error) {
      if (error instanceof MaxSessionsReached) throw unreachable({ kind: 'no session', host: target.name }, error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  function notSent({ program, timeoutMs }: HostCommand): HostUnreachable {
    return new HostUnreachable(`${program} was not sent to ${name}: there was no way within ${timeoutMs / 1000} s`);
  }

  return {
    name,
    loginCount: () => login.count(),
    async run(command) {
      command.signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      const ended = run(command).finally(() => running.delete(ended));
      running.add(ended);
      return await ended;
    },
    async close() {
      const why = new HostLost(`${name} was given up while a program ran on it`);
      closing.abort(why);
      await Promise.allSettled(running);
      login.close(why);
    },
  };
}

function randomToken(): string {
  return randomBytes(12).toString('hex');
}

/** The result, unless the signal comes first: others may wait for the same thing, which goes on. */
function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
