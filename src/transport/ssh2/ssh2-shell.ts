// A remote shell on an ssh2 channel that runs one command after another.
import type { ClientChannel } from 'ssh2';
import { collectOutput, describeTooMuch, type CollectedOutput } from '../collect-output.ts';
import { CommandNotFoundError, CommandTimeoutError, ConnectionLostError } from '../errors.ts';
import { hasEnd } from '../output-frame.ts';
import type { Command, CommandResult } from '../transport.ts';
import { excerptOf, parseResult, type SessionEnd, type SessionOutput } from '../parse-remote-result.ts';
import { scriptBlock } from '../remote-script.ts';
import type { PooledShell } from '../shell-pool.ts';

export interface Ssh2Shell extends PooledShell {
  /**
   * Runs one command; the next may start when it has settled. After a timeout, an abort or a lost connection the shell is unusable.
   * @throws as `Transport.run`
   */
  run(request: ShellRequest): Promise<CommandResult>;
}

export interface ShellRequest {
  readonly command: Command;
  /** The command as a script, with marks that contain the nonce. */
  readonly script: string;
  readonly nonce: string;
  /** Each signal aborts the command with its reason. */
  readonly signals: readonly AbortSignal[];
}

export interface Ssh2ShellDeps {
  readonly channel: ClientChannel;
  /** The token with which the remote loop was started. */
  readonly token: string;
  readonly hostName: string;
  /** After a command's deadline, the time for the server to close its channel, which sshd does when the program has ended. */
  readonly closeTimeoutMs: number;
  readonly sendTogether: (write: () => void) => void;
  /** Closes the connection: a channel that does not close in time holds a session that only a new connection gets back. */
  readonly giveUp: () => void;
}

/** The end of a stream that may hold the beginning of a mark. */
const OVERLAP = 128;

/** Call it as soon as the channel opens: `exit` may come at once, and is not repeated. */
export function createSsh2Shell({
  channel,
  token,
  hostName,
  closeTimeoutMs,
  sendTogether,
  giveUp,
}: Ssh2ShellDeps): Ssh2Shell {
  let isOpen = true;
  let closing: NodeJS.Timeout | undefined;
  let end: SessionEnd = { reason: 'the connection was lost' };
  let listener: { out: (chunk: Buffer) => void; err: (chunk: Buffer) => void; closed: () => void } | undefined;

  channel.on('error', () => undefined);
  channel.on('exit', (code: number | null, signal?: string) => {
    end =
      code === null
        ? { reason: `the shell on the host was killed by ${signal ?? 'a signal'}` }
        : { exitCode: code, reason: `the shell on the host ended with exit code ${code}` };
  });
  // The output is complete only now: `exit` may come earlier, or never.
  channel.once('close', () => {
    isOpen = false;
    clearTimeout(closing);
    listener?.closed();
  });

  /** From the first command on, whose result shows what the host printed before it; between commands, output is noise. */
  function readOutput(): void {
    // An unread channel never closes.
    if (channel.listenerCount('data') > 0) return;
    channel.on('data', (chunk: Buffer) => listener?.out(chunk));
    channel.stderr.on('data', (chunk: Buffer) => listener?.err(chunk));
  }

  function run({ command, script, nonce, signals }: ShellRequest): Promise<CommandResult> {
    const { program, timeoutMs } = command;
    const deadline = performance.now() + timeoutMs;
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

      /** The outcome is unknown: the program may run until its deadline, when the host kills it. */
      function endWith(why: () => unknown): void {
        isOpen = false;
        channel.close();
        closing = setTimeout(giveUp, Math.max(0, deadline - performance.now()) + closeTimeoutMs);
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
          // A new shell has the current PATH of the login, which may lead to a program that has moved.
          if (error instanceof CommandNotFoundError && isOpen) {
            isOpen = false;
            channel.end();
          }
          reject(error instanceof Error ? error : new Error(`${program} was aborted`, { cause: error }));
        }
      }

      const read = (): CommandResult => parseResult(command, hostName, nonce, output(), end);

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
      readOutput();
      if (signals.some((signal) => signal.aborted)) onAbort();
      else if (!isOpen) settle(read);
      // The host may have ended the session already; what it printed comes before `close`.
      else if (channel.writable) sendTogether(() => channel.write(scriptBlock(script, token)));
    });
  }

  return { isUsable: () => isOpen, run };
}
