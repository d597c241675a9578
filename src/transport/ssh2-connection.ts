// One SSH connection by the package ssh2, over as many hosts as it takes, each of which must show a key that is known.
import type { Client, ClientChannel, ServerHostKeyAlgorithm, utils } from 'ssh2';
import { MaxSessionsError } from './shell-pool.ts';
import type { HostKeys } from './host-key-check.ts';
import type { Transport } from './transport.ts';
import type { Connection } from './persistent-connection.ts';
import { createAuthentication } from './ssh2-authentication.ts';
import { readCredentials } from './ssh2-credentials.ts';
import type { SshTarget } from './ssh-target.ts';
import { unreachable, type SshErrorMessage } from './ssh-errors.ts';

export interface Ssh2Connection extends Connection {
  /**
   * Opens a channel in which the login shell is given this word.
   * @throws MaxSessionsError when the server opens no more sessions on this connection; anything else means it is lost
   */
  readonly exec: (word: string) => Promise<ClientChannel>;
}

export interface Ssh2Deps {
  readonly hostKeysOf: (target: SshTarget) => HostKeys;
  /** This machine, for the command that prints a password. */
  readonly here: Transport;
  /** For all that happens until a host has let us in. */
  readonly loginTimeoutMs: number;
  readonly keepalive: { readonly intervalMs: number; readonly count: number };
}

/** What the hops of one way share. */
interface Way {
  readonly deps: Ssh2Deps;
  readonly parseKey: typeof utils.parseKey;
  readonly signal: AbortSignal;
  /** Through the hop before. */
  readonly sock?: ClientChannel;
}

/** @throws HostUnreachableError with a sentence that says what to do */
export async function connectBySsh2(target: SshTarget, deps: Ssh2Deps, stopping: AbortSignal): Promise<Ssh2Connection> {
  // Loaded only where SSH is used: it takes a tenth of a second.
  const { default: ssh2 } = await import('ssh2');
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(new LoginTimeoutError('no answer in time')), deps.loginTimeoutMs);
  const way = { deps, signal: AbortSignal.any([stopping, tooLate.signal]), parseKey: ssh2.utils.parseKey };
  const clients: Client[] = [];
  try {
    let before: { readonly client: Client; readonly name: string } | undefined;
    for (const hop of [...target.jumps, target]) {
      const client = new ssh2.Client();
      clients.push(client);
      if (before === undefined) await logIn(client, hop, way);
      else await logIn(client, hop, { ...way, sock: await forward(before.client, before.name, hop, way) });
      before = { client, name: hop.name };
    }
  } catch (error) {
    for (const client of clients) client.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return keep(clients);
}

class LoginTimeoutError extends Error {
  override readonly name = 'LoginTimeoutError';
}

function keep(clients: readonly Client[]): Ssh2Connection {
  const last = clients.at(-1);
  if (last === undefined) throw new RangeError('there is no connection to keep');
  let trouble: Error | undefined;

  function close(): void {
    for (const client of [...clients].reverse()) client.destroy();
  }

  const lost = new Promise<Error>((resolve) => {
    for (const client of clients) {
      // More than one error may come, and one that nobody listens to would end the daemon.
      client.on('error', (error: Error) => (trouble ??= error));
      client.once('close', () => {
        close();
        resolve(trouble ?? new Error('the other side closed the connection'));
      });
    }
  });

  return {
    lost,
    close,
    exec: (word) =>
      new Promise((resolve, reject) => {
        last.exec(word, (error, channel) => {
          if (error === undefined) resolve(channel);
          else if ('reason' in error) reject(new MaxSessionsError(error.message));
          else reject(error);
        });
      }),
  };
}

async function forward(client: Client, via: string, to: SshTarget, { signal, deps }: Way): Promise<ClientChannel> {
  return await new Promise((resolve, reject) => {
    const host = to.name;
    signal.addEventListener(
      'abort',
      () => reject(unreachable({ kind: 'no answer', host, seconds: deps.loginTimeoutMs / 1000 }, signal.reason)),
      { once: true },
    );
    client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(unreachable({ kind: 'no forwarding', host, via, words: error.message }, error));
    });
  });
}

/** Settles when the host has let us in, or when it is clear that it won't: then its sentence says why. */
async function logIn(client: Client, target: SshTarget, way: Way): Promise<void> {
  const { name, host, port, user } = target;
  const { deps, signal } = way;
  const hostKeys = deps.hostKeysOf(target);
  const story = createAuthentication(user, await readCredentials(target, { parseKey: way.parseKey, here: deps.here }));
  // A file that can't be read is told of by the check, which then refuses every key.
  const knownTypes = await hostKeys.knownTypes(host, port).catch(() => []);
  let refusedKey: string | undefined;

  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      const trouble = story.trouble(name, error.message) ?? wayTrouble(target, error, deps.loginTimeoutMs);
      reject(
        unreachable(refusedKey === undefined ? trouble : { kind: 'host key', host: name, sentence: refusedKey }, error),
      );
      client.destroy();
    };
    const tooLate = (): void => fail(reasonOf(signal));
    signal.addEventListener('abort', tooLate, { once: true });
    // More than one error may come, and one that nobody listens to would end the daemon.
    client.on('error', (error: Error) => {
      if (isFromAgent(error)) story.agentFailed(error.message);
      else fail(error);
    });
    client.once('close', () => fail(new Error('the connection was closed from there')));
    // ssh2 waits for small packets to fill up: that costs 40 ms for each command.
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
      authHandler: story.next,
      hostVerifier: (blob: Buffer, verify: (isRight: boolean) => void) => {
        void hostKeys.check(host, port, { type: keyType(blob), blob }).then((result) => {
          if (!result.ok) refusedKey = result.sentence;
          verify(result.ok);
        });
      },
      ...(way.sock === undefined ? {} : { sock: way.sock }),
    });
  });
}

/** An agent's failure is told by ssh2 as an error of the connection, which goes on. */
function isFromAgent(error: Error): boolean {
  return 'level' in error && error.level === 'agent';
}

/** A key as it goes over the wire begins with its type, after the type's length (RFC 4253, 6.6). */
function keyType(blob: Buffer): string {
  return blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

/** For each type of key, the algorithms by which a server shows it; SHA-1 is not among them. */
const HOST_KEY_ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** All of them, those first that lead to a key by which the host is known. */
function hostKeyAlgorithms(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  return [...new Set([...knownTypes, ...Object.keys(HOST_KEY_ALGORITHMS)])].flatMap(
    (type) => HOST_KEY_ALGORITHMS[type] ?? [],
  );
}

/** What an error on the way to a host means. */
function wayTrouble({ name, host, port }: SshTarget, error: Error, timeoutMs: number): SshErrorMessage {
  const { code = '', level } = error as { code?: unknown; level?: unknown };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'unknown name', host: name, address: host };
  if (code === 'ECONNREFUSED') return { kind: 'refused', host: name, address: host, port };
  if (typeof code === 'string' && ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(code))
    return { kind: 'no route', host: name, address: host, words: code };
  if (level === 'client-timeout' || error instanceof LoginTimeoutError)
    return { kind: 'no answer', host: name, seconds: timeoutMs / 1000 };
  return { kind: 'other', host: name, words: error.message };
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
