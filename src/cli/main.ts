// The front door: reads the command line, runs the command, and turns any error into one sentence and an exit code.
import { hostname, homedir } from 'node:os';
import { isatty } from 'node:tty';
import { terminalText } from '../base/terminal-text.ts';
import type { CommandContext, TerminalSize } from './command.ts';
import { EXIT } from '../base/exit-codes.ts';
import { Interrupted } from './interrupted.ts';
import { versionText } from '../base/version.ts';

const STDIN = 0;
const STDERR = 2;
/** What comes twice within this time was meant once: `scancel` reaches the daemon of a job, and the job's script, which passes it on. */
const ONE_WISH_MS = 2_000;

/** Runs the program with these words; sets the exit code of the process and lets it end by itself. */
export async function run(words: readonly string[]): Promise<void> {
  const stop = new AbortController();
  let askedAtMs = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) askedAtMs = performance.now();
      // The second one means now.
      else if (performance.now() - askedAtMs > ONE_WISH_MS) process.exit(signal === 'SIGTERM' ? 143 : 130);
      stop.abort(new Interrupted(signal));
    });
  }
  // Whoever reads our output may have seen enough (`… | head -1`), and a terminal may have been closed.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }

  const control = onlyShowing(process.stdout);
  onlyShowing(process.stderr);
  const hadTerminal = isatty(STDERR);
  const terminal = { isGone: false };
  const fitted = await fittedTo(process.stderr);
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
    ...(isatty(STDIN) && isatty(STDERR) ? { ask: (question) => ask(fitted(question), stop.signal) } : {}),
    startedAs: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    stop: stop.signal,
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
    const { explain } = await import('./explain.ts');
    process.exitCode = explain(error, context);
  }
  // Node itself would crash at its end, when it finds no terminal to set back.
  if (terminal.isGone) process.kill(process.pid, 'SIGHUP');
}

/**
 * Has a terminal show all that is written to this stream from now on, by whatever part of the program, and obey none of it: names,
 * messages and logs come from others.
 * @returns what still writes there as it is
 */
function onlyShowing(stream: NodeJS.WriteStream): (sequence: string) => void {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...more: unknown[]) => boolean;
  if (stream.isTTY) {
    stream.write = (chunk: string | Uint8Array, ...more: unknown[]) =>
      write(typeof chunk === 'string' ? terminalText(chunk) : chunk, ...more);
  }
  return (sequence) => void write(sequence);
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { askAtTerminal } = await import('./ask-at-terminal.ts');
  return askAtTerminal(question, { input: process.stdin, output: process.stderr, signal });
}

/** On a terminal sentences are broken between words; elsewhere each is one line, for grep. */
async function fittedTo(stream: NodeJS.WriteStream): Promise<(text: string) => string> {
  if (!stream.isTTY) return (text) => text;
  const { wrapLines } = await import('../base/wrap-text.ts');
  return (text) => wrapLines(text, columnsOf(stream));
}

/** Some terminals do not know, and say 0. */
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

/** Everything is loaded when it is needed: `--version` needs no parser, which takes as long to load as Node itself. */
async function answer(words: readonly string[], context: CommandContext): Promise<number> {
  if (words.length === 1 && ['--version', '-v'].includes(words[0] ?? '')) {
    context.stdout(await versionText());
    return EXIT.ok;
  }
  const { parseAndRun } = await import('./parser.ts');
  return parseAndRun(words, context);
}
