// Runs a command line in this process, with a separate home directory, environment and streams.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { explain } from '../../src/cli/explain-error.ts';
import { Interrupted } from '../../src/cli/interrupted.ts';
import { parseAndRun } from '../../src/cli/parser.ts';

export interface Cli {
  readonly folder: string;
  write(name: string, text: string): Promise<string>;
  run(...args: readonly string[]): Promise<CliResult>;
  /** The same with a user at the terminal who answers questions with this function. */
  answering(answer: (question: string) => string): Pick<Cli, 'run'>;
  /** The same with a stop signal, by default from the start: a command that waits for the signal ends at once. */
  stopping(stop?: AbortSignal): Pick<Cli, 'run'>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  /** The log, the console messages, and the message of the error that ended the command. */
  readonly stderr: string;
}

export async function openCli(environment: Readonly<Record<string, string>> = {}): Promise<Cli> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'));

  async function run(
    args: readonly string[],
    answer?: (question: string) => string,
    stop: AbortSignal = new AbortController().signal,
  ): Promise<CliResult> {
    let stdout = '';
    let stderr = '';
    const errorStream = new PassThrough();
    errorStream.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const context = {
      environment: { PATH: '/usr/bin:/bin', ...environment },
      homeDir: folder,
      workingDir: folder,
      hostName: 'login1',
      stdout: (text: string) => (stdout += text),
      stderr: (text: string) => (stderr += text),
      errorStream,
      isTerminal: false,
      ...(answer === undefined ? {} : { ask: (question: string) => Promise.resolve(answer(question)) }),
      startedAs: ['/usr/bin/node', '/opt/clearml-agent-slurm.js', ...args],
      stop,
      onSignal: () => () => undefined,
    };
    try {
      return { code: await parseAndRun(args, context), stdout, stderr };
    } catch (error) {
      const code = explain(error, context);
      return { code, stdout, stderr };
    }
  }

  return {
    folder,
    async write(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    run: (...args) => run(args),
    answering: (answer) => ({ run: (...args) => run(args, answer) }),
    stopping: (stop = AbortSignal.abort(new Interrupted('SIGINT'))) => ({
      run: (...args) => run(args, undefined, stop),
    }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
