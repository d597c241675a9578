// The front door: reads the command line, runs the command, and turns any error into one sentence and an exit code.
import { hostname, homedir } from 'node:os';
import { exitCodeOf } from './exit-codes.ts';
import type { Surroundings } from './command.ts';
import { parseAndRun } from './parser.ts';

/** Runs the program with these words; sets the exit code of the process and lets it end by itself. */
export async function run(words: readonly string[]): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // The second one means now.
      if (stop.signal.aborted) process.exit(signal === 'SIGTERM' ? 143 : 130);
      stop.abort(new Error(`got ${signal}`));
    });
  }
  // Whoever reads our output may have seen enough (`… | head -1`).
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }

  const around: Surroundings = {
    environment: process.env,
    homeDir: homedir(),
    workingDir: process.cwd(),
    hostName: hostname(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    errorStream: process.stderr,
    stop: stop.signal,
  };
  process.exitCode = await parseAndRun(words, around).catch((error: unknown) => explain(error, around));
}

function explain(error: unknown, { stderr }: Surroundings): number {
  const code = exitCodeOf(error);
  if (code !== undefined && error instanceof Error) {
    stderr(`clearml-agent-slurm: ${error.message}\n`);
    return code;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr(`clearml-agent-slurm: this is a bug, please report it with these lines:\n${stack}\n`);
  return 1;
}
