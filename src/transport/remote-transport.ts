// What the ways to another machine have in common: waiting is bounded and costs nothing, and giving up ends what runs.
import { setMaxListeners } from 'node:events';
import { abortWith } from '../base/abort-with.ts';
import { ConnectionLostError, HostUnreachableError } from './errors.ts';
import type { Transport, Command, CommandResult } from './transport.ts';
import { MaxSessionsError } from './shell-pool.ts';
import { unreachable } from './ssh-errors.ts';

/** A host behind SSH. */
export interface SshTransport extends Transport {
  /** How often it was tried to log in since the host was made. */
  loginCount(): number;
}

export interface Attempt {
  readonly command: Command;
  /** Aborted when it need not be begun any more: its reason is thrown then. */
  readonly unlessBegun: AbortSignal;
  /** To be called before anything is sent; from then on only `signals` count, and the command's own deadline. */
  readonly begin: () => void;
  /** Each of them ends the command with its reason. */
  readonly signals: readonly AbortSignal[];
}

export interface RemoteTransportDeps {
  readonly name: string;
  /** What a person calls it, for advice. */
  readonly calledAs: string;
  readonly attempt: (attempt: Attempt) => Promise<CommandResult>;
  readonly loginCount: () => number;
  /** Called when nothing runs any more. */
  readonly end: (why: Error) => Promise<void> | void;
}

export function createRemoteTransport({ name, calledAs, attempt, loginCount, end }: RemoteTransportDeps): SshTransport {
  const closing = new AbortController();
  // Every command under way listens to it.
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<CommandResult>>();

  async function run(command: Command): Promise<CommandResult> {
    const signals = [closing.signal, ...(command.signal === undefined ? [] : [command.signal])];
    const waiting = new AbortController();
    const leave = abortWith(waiting, signals);
    const timer = setTimeout(() => waiting.abort(notSent(command)), command.timeoutMs);
    try {
      return await attempt({
        command,
        signals,
        unlessBegun: waiting.signal,
        begin: () => clearTimeout(timer),
      });
    } catch (error) {
      if (error instanceof MaxSessionsError) throw unreachable({ kind: 'no session', host: calledAs }, error);
      throw error;
    } finally {
      clearTimeout(timer);
      leave();
    }
  }

  function notSent({ program, timeoutMs }: Command): HostUnreachableError {
    return new HostUnreachableError(
      `${program} was not sent to ${name}: there was no way within ${timeoutMs / 1000} s`,
    );
  }

  return {
    name,
    loginCount,
    async run(command) {
      command.signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      const ended = run(command).finally(() => running.delete(ended));
      running.add(ended);
      return await ended;
    },
    async close() {
      const why = new ConnectionLostError(`${name} was given up while a program ran on it`);
      closing.abort(why);
      await Promise.allSettled(running);
      await end(why);
    },
  };
}

/** The result, unless the signal comes first: others may wait for the same thing, which goes on. */
export function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const giveUp = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
