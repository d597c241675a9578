// This machine as a place where commands run: without a shell, in a known environment, and never past their deadline.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { CommandNotFoundError, ConnectionLostError, HostUnreachableError } from './errors.ts';
import { trackProgram, type RunningProgram } from './running-program.ts';
import type { Transport, CommandResult } from './transport.ts';
import { absoluteElements } from './search-path.ts';
import { UTF8_LOCALE } from './utf8-locale.ts';

export interface LocalTransportOptions {
  /** PATH: where programs are looked for. Only its absolute elements count, for jobs too. */
  readonly path: string;
  readonly home: string;
  readonly user: string;
  /** Where programs start. What they are given as a relative path is taken from here, a job's `--output` too. */
  readonly workingDirectory: string;
  /** Further variables for every program, such as SLURM_CONF, KRB5CCNAME or TZ. Nothing else of ours reaches them. */
  readonly variables?: Readonly<Record<string, string>>;
}

export const LOCAL_NAME = 'this machine';

/** All that a program on this machine gets. */
export function localEnvironment(options: LocalTransportOptions): Readonly<Record<string, string>> {
  return {
    PATH: absoluteElements(options.path),
    HOME: options.home,
    USER: options.user,
    LOGNAME: options.user,
    ...UTF8_LOCALE,
    ...options.variables,
  };
}

export function createLocalTransport(options: LocalTransportOptions): Transport {
  const name = LOCAL_NAME;
  const environment = localEnvironment(options);
  const closing = new AbortController();
  // Every program under way listens to it.
  setMaxListeners(0, closing.signal);
  const underWay = new Set<Promise<CommandResult>>();

  /** What a failed start means: in every case nothing was run. */
  async function explainStart(error: unknown, program: string): Promise<unknown> {
    if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
    if (error.code !== 'ENOENT' && error.code !== 'EACCES')
      return new HostUnreachableError(`${name} could not start ${program}: ${error.message}`, { cause: error });
    try {
      await access(options.workingDirectory, constants.X_OK);
    } catch (cause) {
      const folder = options.workingDirectory;
      return new HostUnreachableError(`${program} can't be started in ${folder}: there is no such folder`, { cause });
    }
    return new CommandNotFoundError(program, options.path, name);
  }

  return {
    name,
    async run(command) {
      command.signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      let child: ChildProcessWithoutNullStreams;
      try {
        child = spawn(command.program, command.args, {
          cwd: options.workingDirectory,
          env: { ...environment, ...command.env },
          // A process group of its own: it can be ended with everything it started, and a Ctrl-C at our terminal
          // doesn't end an sbatch that is half-way through.
          detached: true,
        });
      } catch (error) {
        throw await explainStart(error, command.program);
      }
      if (child.pid === undefined) {
        const error = await new Promise((resolve) => child.once('error', resolve));
        throw await explainStart(error, command.program);
      }
      const signals = command.signal === undefined ? [closing.signal] : [command.signal, closing.signal];
      const ended = trackProgram(running(child, child.pid), command, signals).finally(() => underWay.delete(ended));
      underWay.add(ended);
      // A program that ends without reading its input is no error of ours: its exit code tells what it thought of it.
      child.stdin.on('error', () => child.stdin.destroy());
      child.stdin.end(command.stdin ?? '');
      return ended;
    },
    async close() {
      closing.abort(new ConnectionLostError(`${name} was given up while a program ran on it`));
      await Promise.allSettled(underWay);
    },
  };
}

function running(child: ChildProcessWithoutNullStreams, group: number): RunningProgram {
  return {
    group,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: new Promise((resolve) => {
      child.once('close', (exitCode: number | null, killedBy: string | null) =>
        resolve({ exitCode: exitCode ?? undefined, killedBy: killedBy ?? undefined }),
      );
    }),
    giveUp() {
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    },
  };
}
