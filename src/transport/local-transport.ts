// Runs commands on this machine: without a shell, in a known environment, and never past their deadline.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { collectOutput, describeTooMuch } from './collect-output.ts';
import { CommandNotFoundError, CommandTimeoutError, ConnectionLostError, HostUnreachableError } from './errors.ts';
import { withSudo } from './run-as.ts';
import { type Command, type CommandResult, type Transport, UTF8_LOCALE, withoutLocaleWarnings } from './transport.ts';

export interface LocalTransportOptions {
  /** PATH for every program. Relative elements are dropped: another user may own the working directory. */
  readonly path: string;
  readonly home: string;
  readonly user: string;
  /** Where programs start. Relative paths in their arguments, such as a job's `--output`, start here too. */
  readonly workingDirectory: string;
  /** Further variables for every program, such as SLURM_CONF, KRB5CCNAME or TZ. No other variable of this process is passed on. */
  readonly variables?: Readonly<Record<string, string>>;
}

const LOCAL_NAME = 'this machine';

/** Time between SIGTERM and SIGKILL for a program past its deadline, and between SIGKILL and giving up on it. */
const KILL_GRACE_PERIOD_MS = 2_000;

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

export function createLocalTransport(options: LocalTransportOptions): Transport {
  const name = LOCAL_NAME;
  const environment: Readonly<Record<string, string>> = {
    PATH: absoluteElements(options.path),
    HOME: options.home,
    USER: options.user,
    LOGNAME: options.user,
    ...UTF8_LOCALE,
    ...options.variables,
  };
  const closing = new AbortController();
  // Every running program listens to it.
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<CommandResult>>();

  /** A failed start: no program ran in any of these cases. */
  async function explainStart(error: unknown, program: string): Promise<unknown> {
    if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
    if (error.code !== 'ENOENT' && error.code !== 'EACCES')
      return new HostUnreachableError(`${name} could not start ${program}: ${error.message}`, { cause: error });
    const directory = options.workingDirectory;
    try {
      await access(directory, constants.X_OK);
    } catch (cause) {
      return new HostUnreachableError(`${program} cannot start in ${directory}: no such directory`, { cause });
    }
    return new CommandNotFoundError(program, options.path, name);
  }

  return withSudo({
    name,
    async run(command) {
      command.signal?.throwIfAborted();
      closing.signal.throwIfAborted();
      let child: ChildProcessWithoutNullStreams;
      try {
        child = spawn(command.program, command.args, {
          cwd: options.workingDirectory,
          env: { ...environment, ...command.env },
          // In its own process group, the program can be killed with all its children, and a Ctrl-C at the terminal does not
          // interrupt an sbatch halfway.
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
      const ended = resultOf(child, child.pid, command, signals).finally(() => running.delete(ended));
      running.add(ended);
      // A program may end without reading its input; its exit code says whether that is a failure.
      child.stdin.on('error', () => child.stdin.destroy());
      child.stdin.end(command.stdin ?? '');
      return ended;
    },
    async close() {
      closing.abort(new ConnectionLostError(`a program was still running when ${name} was closed`));
      await Promise.allSettled(running);
    },
  });
}

/** An empty element means the working directory (exec(3)), as does an empty PATH. */
function absoluteElements(path: string): string {
  const absolute = path.split(':').filter((element) => element.startsWith('/'));
  return absolute.join(':') || DEFAULT_PATH;
}

/**
 * @param group the child's process group, which is killed at the deadline
 * @param signals each one kills the program and rejects with its reason
 * @throws CommandTimeoutError, ConnectionLostError as `Transport.run` does
 */
function resultOf(
  child: ChildProcessWithoutNullStreams,
  group: number,
  { program, timeoutMs }: Command,
  signals: readonly AbortSignal[],
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const tooMuch = (): Error => new ConnectionLostError(describeTooMuch(program));
    const stdout = collectOutput(() => kill(tooMuch));
    const stderr = collectOutput(() => kill(tooMuch));
    const timedOut = (): Error => new CommandTimeoutError(program, timeoutMs, stdout.text(), stderr.text());
    const abortReason = (): unknown => signals.find((signal) => signal.aborted)?.reason;
    let whyKilled: (() => unknown) | undefined;
    const timers = [setTimeout(() => kill(timedOut), timeoutMs)];

    function kill(why: () => unknown): void {
      if (whyKilled !== undefined) return;
      whyKilled = why;
      killGroup(group, 'SIGTERM');
      timers.push(
        setTimeout(() => killGroup(group, 'SIGKILL'), KILL_GRACE_PERIOD_MS),
        setTimeout(giveUp, 2 * KILL_GRACE_PERIOD_MS),
      );
    }

    /** A child that left the process group holds the pipes, or the kernel does not end the program. */
    function giveUp(): void {
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      settle({ exitCode: null, killedBy: null });
    }

    function settle({ exitCode, killedBy }: { exitCode: number | null; killedBy: string | null }): void {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      if (whyKilled === undefined) {
        const ended = { exitCode: exitCode ?? undefined, killedBy: killedBy ?? undefined };
        resolve({ ...ended, stdout: stdout.text(), stderr: withoutLocaleWarnings(stderr.text()) });
      } else {
        const why = whyKilled();
        reject(why instanceof Error ? why : new Error(`${program} was killed`, { cause: why }));
      }
    }

    const onAbort = (): void => kill(abortReason);
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    child.once('close', (exitCode: number | null, killedBy: string | null) => settle({ exitCode, killedBy }));
  });
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The program has ended, or runs as another user (sudo): the daemon can only stop waiting for it.
  }
}
