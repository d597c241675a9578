// Runs the program: parses the command line, runs the command, and converts errors to a message and an exit code.
import { hostname, homedir } from 'node:os';
import { isatty } from 'node:tty';
import { terminalText } from '../base/terminal-text.ts';
import type { CommandContext, TerminalSize } from './command.ts';
import { EXIT } from '../base/exit-codes.ts';
import { UsageError } from '../base/usage-error.ts';
import { SLURM_COMMAND } from './commands/demo.ts';
import { Interrupted } from './interrupted.ts';
import { isSingleFile, versionText } from '../base/installation.ts';
import { PROGRAM } from './common-options.ts';
import { startedAs } from './own-command-line.ts';

const STDIN = 0;
const STDERR = 2;
/** A second signal within this time is a duplicate: `scancel` signals a daemon in a job, and the job script, which forwards it. */
const DUPLICATE_SIGNAL_MS = 2_000;

/** The reader of a pipe has exited (`… | head -1`), or a terminal was closed. */
const HAS_NO_READER: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO']);

/** Sets the exit code of the process, and lets the process exit by itself. */
export async function run(words: readonly string[]): Promise<void> {
  const stop = new AbortController();
  let askedAtMs = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) askedAtMs = performance.now();
      // The second signal ends the process at once.
      else if (performance.now() - askedAtMs > DUPLICATE_SIGNAL_MS) process.exit(signal === 'SIGTERM' ? 143 : 130);
      stop.abort(new Interrupted(signal));
    });
  }
  const stdoutClosed = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!stdoutClosed.signal.aborted && !HAS_NO_READER.has(error.code)) reportLostOutput(error);
    stdoutClosed.abort();
  });
  // Its disk may be full, and no place is left for a message. A log must not end the daemon.
  process.stderr.on('error', () => undefined);

  const control = escapeControls(process.stdout);
  escapeControls(process.stderr);
  const hadTerminal = isatty(STDERR);
  const terminal = { isGone: false };
  const fitted = await wrapFor(process.stderr);
  const started = startedAs(process, isSingleFile());
  delete process.env['CLEARML_AGENT_SLURM_LAUNCHER'];
  const context: CommandContext = {
    environment: process.env,
    homeDir: homedir(),
    workingDir: process.cwd(),
    hostName: hostname(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(fitted(text)),
    errorStream: process.stderr,
    isTerminal: process.stdout.isTTY,
    ...(process.stdout.isTTY ? { terminalSize, onResize, control } : {}),
    ...(isatty(STDIN) && isatty(STDERR)
      ? {
          ask: (question) =>
            askAtTerminal(fitted(question), { input: process.stdin, output: process.stderr, signal: stop.signal }),
        }
      : {}),
    startedAs: started,
    stop: stop.signal,
    stdoutClosed: stdoutClosed.signal,
    onSignal(name, listener) {
      const heard = (): void => {
        terminal.isGone = name === 'SIGHUP' && hadTerminal && !isatty(STDERR);
        if (terminal.isGone) stop.abort(new Interrupted('SIGHUP'));
        else listener();
      };
      process.on(name, heard);
      return () => process.off(name, heard);
    },
  };
  try {
    process.exitCode = await answer(words, context);
  } catch (error) {
    const { explain } = await import('./explain-error.ts');
    process.exitCode = explain(error, context);
  }
  // Node would crash at exit because it cannot restore a closed terminal.
  if (terminal.isGone) process.kill(process.pid, 'SIGHUP');
}

/** A file without the whole result must not look like a success, whatever the command returns. */
function reportLostOutput({ message }: Error): void {
  process.stderr.write(`${PROGRAM}: standard output cannot be written: ${message}.\n`);
  process.once('exit', () => (process.exitCode = EXIT.failed));
}

/**
 * Escapes control characters in everything that is written to a terminal from now on, because names, messages and logs may contain
 * some.
 * @returns a function that writes without escaping
 */
function escapeControls(stream: NodeJS.WriteStream): (sequence: string) => void {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...more: unknown[]) => boolean;
  if (stream.isTTY) {
    stream.write = (chunk: string | Uint8Array, ...more: unknown[]) =>
      write(typeof chunk === 'string' ? terminalText(chunk) : chunk, ...more);
  }
  return (sequence) => void write(sequence);
}

/** Asks the user a question. @throws UsageError if the input ends, as by Ctrl-D; an AbortError if the signal is aborted */
export async function askAtTerminal(
  question: string,
  { input, output, signal }: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  // In terminal mode readline would handle Ctrl-C itself.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => {
      reject(new UsageError('There was no answer. Use an option instead (see --help), or --yes for the defaults.'));
    });
  });
  try {
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } catch (error) {
    output.write('\n');
    throw error;
  } finally {
    lines.close();
    // Closing rejects `ended` after the answer too.
    ended.catch(() => undefined);
  }
}

/** Wraps lines on a terminal; elsewhere each message is one line, for grep. */
async function wrapFor(stream: NodeJS.WriteStream): Promise<(text: string) => string> {
  if (!stream.isTTY) return (text) => text;
  const { wrapLines } = await import('../base/wrap-text.ts');
  return (text) => wrapLines(text, columnsOf(stream));
}

/** Some terminals report 0. */
function columnsOf({ columns }: NodeJS.WriteStream): number {
  return columns > 0 ? columns : Infinity;
}

function terminalSize(): TerminalSize {
  const { rows } = process.stdout;
  return { columns: columnsOf(process.stdout), rows: rows > 0 ? rows : Infinity };
}

function onResize(listener: () => void): () => void {
  process.stdout.on('resize', listener);
  return () => process.stdout.off('resize', listener);
}

/** `--version` does not load the parser, which takes as long as starting Node. */
async function answer(words: readonly string[], context: CommandContext): Promise<number> {
  if (words.length === 1 && ['--version', '-v'].includes(words[0] ?? '')) {
    context.stdout(versionText());
    return EXIT.ok;
  }
  if (words[0] === SLURM_COMMAND) {
    const { runSlurmCommand } = await import('#demo');
    return runSlurmCommand(words.slice(1));
  }
  const { parseAndRun } = await import('./parser.ts');
  return parseAndRun(words, context);
}
