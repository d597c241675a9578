// Opens an SSH connection by the package ssh2 over any number of jump hosts, and checks each host key.
import { connect, type Socket } from 'node:net';
import type { Client, ClientChannel, ServerHostKeyAlgorithm, utils } from 'ssh2';
import { MaxSessionsError } from '../shell-pool.ts';
import type { HostKeys } from '../host-keys/check-host-key.ts';
import type { Transport } from '../transport.ts';
import type { Connection } from '../persistent-connection.ts';
import { createAuthentication } from './ssh2-authentication.ts';
import { readCredentials } from './ssh2-credentials.ts';
import type { SshTarget } from '../ssh-target.ts';
import { unreachable, type SshFailure } from '../ssh-errors.ts';

export interface Ssh2Connection extends Connection {
  /**
   * Opens a channel in which the login shell runs this command, and returns what `use` makes of it before the channel's first event.
   * @throws MaxSessionsError if the server opens no more sessions on this connection; any other error means that it is lost
   */
  readonly exec: <Kind>(command: string, use: (channel: ClientChannel) => Kind) => Promise<Kind>;
  /** Sends what this writes in one call of the kernel: ssh2 makes three of each 32 KB, and each wakes the server. */
  readonly sendTogether: (write: () => void) => void;
}

export interface Ssh2Deps {
  readonly hostKeysOf: (target: SshTarget) => HostKeys;
  /** The local transport, for the command that prints a password. */
  readonly here: Transport;
  /** For the whole login over all hosts. */
  readonly loginTimeoutMs: number;
  readonly keepalive: { readonly intervalMs: number; readonly count: number };
}

/** What the hops of one route share. */
interface Route {
  readonly deps: Ssh2Deps;
  readonly parseKey: typeof utils.parseKey;
  readonly signal: AbortSignal;
  /** Through the previous hop. */
  readonly sock?: ClientChannel;
  /** Called with the socket to the first hop. */
  readonly onSocket?: (socket: Socket) => void;
}

/** @throws HostUnreachableError with a message that says what to do */
export async function connectBySsh2(target: SshTarget, deps: Ssh2Deps, stopping: AbortSignal): Promise<Ssh2Connection> {
  // Loaded only for SSH: it takes a tenth of a second.
  const { default: ssh2 } = await import('ssh2');
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(new LoginTimeoutError('the login timed out')), deps.loginTimeoutMs);
  const route = { deps, signal: AbortSignal.any([stopping, tooLate.signal]), parseKey: ssh2.utils.parseKey };
  const clients: Client[] = [];
  let socket: Socket | undefined;
  try {
    let before: { readonly client: Client; readonly name: string } | undefined;
    for (const hop of [...target.jumps, target]) {
      const client = new ssh2.Client();
      clients.push(client);
      if (before === undefined) await logIn(client, hop, { ...route, onSocket: (made) => (socket = made) });
      else await logIn(client, hop, { ...route, sock: await forward(before.client, before.name, hop, route) });
      before = { client, name: hop.name };
    }
  } catch (error) {
    for (const client of clients) client.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return keep(clients, socket);
}

class LoginTimeoutError extends Error {
  override readonly name = 'LoginTimeoutError';
}

function keep(clients: readonly Client[], socket: Socket | undefined): Ssh2Connection {
  const last = clients.at(-1);
  if (last === undefined) throw new RangeError('there is no connection to keep');
  let failure: Error | undefined;

  function close(): void {
    for (const client of [...clients].reverse()) client.destroy();
  }

  const lost = new Promise<Error>((resolve) => {
    for (const client of clients) {
      // Several errors may come, and an error without a listener would end the daemon.
      client.on('error', (error: Error) => (failure ??= error));
      client.once('close', () => {
        close();
        resolve(failure ?? new Error('the server closed the connection'));
      });
    }
  });

  return {
    lost,
    close,
    sendTogether(write) {
      socket?.cork();
      try {
        write();
      } finally {
        socket?.uncork();
      }
    },
    exec: (command, use) =>
      new Promise((resolve, reject) => {
        last.exec(command, (error, channel) => {
          if (error === undefined) resolve(use(channel));
          else if ('reason' in error) reject(new MaxSessionsError(error.message));
          else reject(error);
        });
      }),
  };
}

async function forward(client: Client, via: string, to: SshTarget, { signal, deps }: Route): Promise<ClientChannel> {
  return await new Promise((resolve, reject) => {
    const host = to.name;
    const tooLate = (): void =>
      reject(unreachable({ kind: 'timeout', host, seconds: deps.loginTimeoutMs / 1000 }, signal.reason));
    if (signal.aborted) {
      tooLate();
      return;
    }
    signal.addEventListener('abort', tooLate, { once: true });
    client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(unreachable({ kind: 'no forwarding', host, via, output: error.message }, error));
    });
  });
}

/** Resolves after a successful login; else rejects with a message that says why. */
async function logIn(client: Client, target: SshTarget, route: Route): Promise<void> {
  const { name, host, port, user } = target;
  const { deps, signal } = route;
  const hostKeys = deps.hostKeysOf(target);
  const authentication = createAuthentication(
    user,
    await readCredentials(target, { parseKey: route.parseKey, here: deps.here }),
  );
  // The check reports an unreadable file and refuses every key.
  const knownTypes = await hostKeys.knownTypes(host, port).catch(() => []);
  let refusedKey: string | undefined;

  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      const why = authentication.refusal(name, error.message) ?? connectionError(target, error, deps.loginTimeoutMs);
      reject(
        unreachable(refusedKey === undefined ? why : { kind: 'host key', host: name, message: refusedKey }, error),
      );
      client.destroy();
    };
    const tooLate = (): void => fail(reasonOf(signal));
    // While the credentials were read.
    if (signal.aborted) {
      tooLate();
      return;
    }
    signal.addEventListener('abort', tooLate, { once: true });
    // Several errors may come, and an error without a listener would end the daemon.
    client.on('error', (error: Error) => {
      if (isFromAgent(error)) authentication.agentFailed(error.message);
      else fail(error);
    });
    client.once('close', () => fail(new Error('the server closed the connection')));
    // Without it, Nagle's algorithm delays each command by 40 ms.
    client.once('connect', () => client.setNoDelay(true));
    client.once('ready', () => {
      signal.removeEventListener('abort', tooLate);
      resolve();
    });
    client.connect({
      host,
      port,
      username: user,
      readyTimeout: deps.loginTimeoutMs,
      keepaliveInterval: deps.keepalive.intervalMs,
      keepaliveCountMax: deps.keepalive.count,
      algorithms: { serverHostKey: hostKeyAlgorithms(knownTypes) },
      authHandler: authentication.next,
      hostVerifier: (blob: Buffer, verify: (isRight: boolean) => void) => {
        void hostKeys.check(host, port, { type: keyType(blob), blob }).then((result) => {
          if (!result.ok) refusedKey = result.message;
          verify(result.ok);
        });
      },
      sock: route.sock ?? openSocket(target, route),
    });
  });
}

/** As ssh2 would: its own socket is private. */
function openSocket({ host, port }: SshTarget, { onSocket }: Route): Socket {
  const socket = connect({ host, port });
  // Each channel that waits for it adds one.
  socket.setMaxListeners(0);
  onSocket?.(socket);
  return socket;
}

/** ssh2 reports a failure of the ssh agent as an error of the connection, which continues. */
function isFromAgent(error: Error): boolean {
  return 'level' in error && error.level === 'agent';
}

/** An encoded key starts with the length of its type and the type (RFC 4253, 6.6). */
function keyType(blob: Buffer): string {
  return blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

/** Signature algorithms for each key type, without SHA-1. */
const HOST_KEY_ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** All algorithms, those of known key types first. */
function hostKeyAlgorithms(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  return [...new Set([...knownTypes, ...Object.keys(HOST_KEY_ALGORITHMS)])].flatMap(
    (type) => HOST_KEY_ALGORITHMS[type] ?? [],
  );
}

/** Classifies a connection error. */
function connectionError({ name, host, port }: SshTarget, error: Error, timeoutMs: number): SshFailure {
  const { code = '', level } = error as { code?: unknown; level?: unknown };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'unknown name', host: name, address: host };
  if (code === 'ECONNREFUSED') return { kind: 'refused', host: name, address: host, port };
  if (typeof code === 'string' && ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(code))
    return { kind: 'no route', host: name, address: host, output: code };
  if (level === 'client-timeout' || error instanceof LoginTimeoutError)
    return { kind: 'timeout', host: name, seconds: timeoutMs / 1000 };
  return { kind: 'other', host: name, output: error.message };
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
