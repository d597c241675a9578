// One shell at the other end of a channel of ssh2, that is given one command after the other.
import type { ClientChannel } from 'ssh2';
import { collectOutput, describeTooMuch, type CollectedOutput } from './collected-output.ts';
import { CommandTimeoutError, ConnectionLostError } from './errors.ts';
import { hasEnd } from './frame.ts';
import type { Command, CommandResult } from './transport.ts';
import { excerptOf, readResult, type SessionEnd, type SessionOutput } from './remote-result.ts';
import { scriptBlock } from './remote-script.ts';
import type { PooledShell } from './shell-pool.ts';

export interface Ssh2Shell extends PooledShell {
  /**
   * Runs one command; the next may begin when it has settled. After a deadline, an abort or a cut the shell is unusable.
   * @throws what `Host.run` throws
   */
  run(asked: Asked): Promise<CommandResult>;
}

export interface Asked {
  readonly command: Command;
  /** Written for this command, with marks that hold the nonce. */
  readonly script: string;
  readonly nonce: string;
  /** Each of them ends the command with its reason. */
  readonly signals: readonly AbortSignal[];
}

export interface Ssh2ShellDeps {
  readonly channel: ClientChannel;
  /** The one that the far side's loop was started with. */
  readonly token: string;
  readonly hostName: string;
  /** Ends the connection, for a channel that can't be closed in time. */
  readonly giveUp: () => void;
}

/**
 * For a channel to be closed from there, which sshd does only when the program has ended. One that takes longer than the
 * far side's own deadline holds a session that nobody gets back but by a new connection.
 */
const CLOSE_GRACE_MS = 30_000;

/** As much of a stream's end as can hold the beginning of a mark. */
const OVERLAP = 128;

export function createSsh2Shell({ channel, token, hostName, giveUp }: Ssh2ShellDeps): Ssh2Shell {
  let isOpen = true;
  let closing: NodeJS.Timeout | undefined;
  let end: SessionEnd = { words: 'the connection was lost' };
  let listener: { out: (chunk: Buffer) => void; err: (chunk: Buffer) => void; closed: () => void } | undefined;

  // What nobody waits for is noise, but it must be read, or the channel is never closed.
  channel.on('data', (chunk: Buffer) => listener?.out(chunk));
  channel.stderr.on('data', (chunk: Buffer) => listener?.err(chunk));
  channel.on('error', () => undefined);
  channel.on('exit', (code: number | null, signal?: string) => {
    end =
      code === null
        ? { words: `its shell was ended by ${signal ?? 'a signal'}` }
        : { exitCode: code, words: `its shell ended with exit code ${code}` };
  });
  // Only now is all output there: `exit` may come before it, or never.
  channel.once('close', () => {
    isOpen = false;
    clearTimeout(closing);
    listener?.closed();
  });

  function run({ command, script, nonce, signals }: Asked): Promise<CommandResult> {
    const { program, timeoutMs } = command;
    return new Promise((resolve, reject) => {
      const tooMuch = (): void => endWith(() => new ConnectionLostError(describeTooMuch(program)));
      const stdout = collectOutput(tooMuch);
      const stderr = collectOutput(tooMuch);
      const timer = setTimeout(() => endWith(timedOut), timeoutMs);
      const output = (): SessionOutput => ({ stdout: stdout.text(), stderr: stderr.text() });
      const ends = { out: false, err: false };

      function timedOut(): CommandTimeoutError {
        const part = excerptOf(nonce, output());
        return new CommandTimeoutError(program, timeoutMs, part.stdout, part.stderr);
      }

      /** The program may go on over there for a while: what it did is unknown from here on. */
      function endWith(why: () => unknown): void {
        isOpen = false;
        channel.close();
        closing = setTimeout(giveUp, CLOSE_GRACE_MS);
        settle(() => {
          throw why();
        });
      }

      const onAbort = (): void => endWith(() => signals.find((signal) => signal.aborted)?.reason);

      function settle(answer: () => CommandResult): void {
        listener = undefined;
        clearTimeout(timer);
        for (const signal of signals) signal.removeEventListener('abort', onAbort);
        try {
          resolve(answer());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(`${program} was ended`, { cause: error }));
        }
      }

      const read = (): CommandResult => readResult(command, hostName, nonce, output(), end);

      function watch(collected: CollectedOutput, which: keyof typeof ends): (chunk: Buffer) => void {
        let tail = '';
        return (chunk) => {
          collected.add(chunk);
          tail += chunk.toString('latin1');
          ends[which] ||= hasEnd(nonce, tail);
          tail = tail.slice(-OVERLAP);
          if (ends.out && ends.err) settle(read);
        };
      }

      listener = { out: watch(stdout, 'out'), err: watch(stderr, 'err'), closed: () => settle(read) };
      for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
      if (signals.some((signal) => signal.aborted)) onAbort();
      else if (isOpen) channel.write(scriptBlock(script, token));
      else settle(read);
    });
  }

  return { isUsable: () => isOpen, run };
}
