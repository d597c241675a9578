// The part that all SSH transports share: a command waits for a bounded time, and an abort ends the wait for its program.
import { setMaxListeners } from 'node:events';
import { abortWith } from '../base/abort-with.ts';
import { ConnectionLostError, HostUnreachableError } from './errors.ts';
import type { Transport, Command, CommandResult } from './transport.ts';
import { withSudo } from './run-as.ts';
import { MaxSessionsError } from './shell-pool.ts';
import { unreachable } from './ssh-errors.ts';

export interface SshTransport extends Transport {
  /** Login attempts since the transport was created. */
  loginCount(): number;
}

export interface Attempt {
  readonly command: Command;
  /** Aborted when the command must no longer start; its reason is thrown then. */
  readonly beforeStart: AbortSignal;
  /** Call it before anything is sent; from then on only `signals` and the command's deadline apply. */
  readonly begin: () => void;
  /** Each signal ends the command with its reason. The program may run until its deadline. */
  readonly signals: readonly AbortSignal[];
}

export interface RemoteTransportDeps {
  readonly name: string;
  /** The user's name for the host, for advice. */
  readonly calledAs: string;
  readonly attempt: (attempt: Attempt) => Promise<CommandResult>;
  readonly loginCount: () => number;
  /** Called when no program runs any more. */
  readonly end: (why: Error) => Promise<void> | void;
}

export function createRemoteTransport({ name, calledAs, attempt, loginCount, end }: RemoteTransportDeps): SshTransport {
  const closing = new AbortController();
  // Every running command listens to it.
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
        beforeStart: waiting.signal,
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
    return new HostUnreachableError(`${program} was not sent to ${name}: no connection within ${timeoutMs / 1000} s`);
  }

  const transport = withSudo({
    name,
    async run(command) {
      command.signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      const ended = run(command).finally(() => running.delete(ended));
      running.add(ended);
      return await ended;
    },
    async close() {
      const why = new ConnectionLostError(`a program was still running when the connection to ${name} was closed`);
      closing.abort(why);
      await Promise.allSettled(running);
      await end(why);
    },
  });
  return { ...transport, loginCount };
}
