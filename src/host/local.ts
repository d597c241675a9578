// This machine as a place where commands run: without a shell, in a known environment, and never past their deadline.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { collectOutput, describeTooMuch } from './collected-output.ts';
import { CommandNotFound, CommandTimedOut, HostLost, HostUnreachable } from './errors.ts';
import type { Host, HostCommand, HostResult } from './host.ts';
import { UTF8_LOCALE } from './utf8-locale.ts';

export interface LocalHostOptions {
  /** PATH: where programs are looked for. */
  readonly path: string;
  readonly home: string;
  readonly user: string;
  /** Where programs start. What they are given as a relative path is taken from here, a job's `--output` too. */
  readonly workingDirectory: string;
  /** Further variables for every program, such as SLURM_CONF, KRB5CCNAME or TZ. Nothing else of ours reaches them. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Between SIGTERM and SIGKILL for a program that ran past its deadline, and again until it is given up. */
const KILL_GRACE_MS = 2_000;

export function createLocalHost(options: LocalHostOptions): Host {
  const name = 'this machine';
  const environment: Readonly<Record<string, string>> = {
    PATH: options.path,
    HOME: options.home,
    USER: options.user,
    LOGNAME: options.user,
    ...UTF8_LOCALE,
    ...options.variables,
  };

  const closing = new AbortController();
  // Every program under way listens to it.
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<HostResult>>();

  /** What a failed start means: in every case nothing was run. */
  async function explainStart(error: unknown, program: string): Promise<unknown> {
    if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
    if (error.code !== 'ENOENT' && error.code !== 'EACCES')
      return new HostUnreachable(`${name} could not start ${program}: ${error.message}`, { cause: error });
    try {
      await access(options.workingDirectory, constants.X_OK);
    } catch (cause) {
      const folder = options.workingDirectory;
      return new HostUnreachable(`${program} can't be started in ${folder}: there is no such folder`, { cause });
    }
    return new CommandNotFound(program, options.path, name);
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
      const ended = follow(child, child.pid, command, closing.signal).finally(() => running.delete(ended));
      running.add(ended);
      return ended;
    },
    async close() {
      closing.abort(new HostLost(`${name} was given up while a program ran on it`));
      await Promise.allSettled(running);
    },
  };
}

/** Feeds the program, collects what it prints, ends it when it must end, and settles when it has ended. */
function follow(
  child: ChildProcessWithoutNullStreams,
  pid: number,
  command: HostCommand,
  closing: AbortSignal,
): Promise<HostResult> {
  const { program, timeoutMs } = command;
  const signals = command.signal === undefined ? [closing] : [command.signal, closing];

  return new Promise((resolve, reject) => {
    const stdout = collectOutput(() => endWith(tooMuch));
    const stderr = collectOutput(() => endWith(tooMuch));
    let whyEnded: (() => unknown) | undefined;
    const timers = [setTimeout(() => endWith(timedOut), timeoutMs)];

    function timedOut(): CommandTimedOut {
      return new CommandTimedOut(program, timeoutMs, stdout.text(), stderr.text());
    }

    function aborted(): unknown {
      return signals.find((signal) => signal.aborted)?.reason;
    }

    function tooMuch(): HostLost {
      return new HostLost(describeTooMuch(program));
    }

    function endWith(why: () => unknown): void {
      if (whyEnded !== undefined) return;
      whyEnded = why;
      killGroup(pid, 'SIGTERM');
      const kill = (): void => killGroup(pid, 'SIGKILL');
      timers.push(setTimeout(kill, KILL_GRACE_MS), setTimeout(giveUp, 2 * KILL_GRACE_MS));
    }

    /** A process that left the group still holds the pipes, or the kernel won't let go of ours. */
    function giveUp(): void {
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      settle(null, null);
    }

    function settle(exitCode: number | null, killedBy: string | null): void {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      if (whyEnded !== undefined) {
        const why = whyEnded();
        reject(why instanceof Error ? why : new Error(`${program} was ended`, { cause: why }));
        return;
      }
      resolve({
        exitCode: exitCode ?? undefined,
        killedBy: killedBy ?? undefined,
        stdout: stdout.text(),
        stderr: stderr.text(),
      });
    }

    const onAbort = (): void => endWith(aborted);
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    // A program that ends without reading its input is no error of ours: its exit code tells what it thought of it.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(command.stdin ?? '');
    child.once('close', settle);
  });
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile, or it runs as another user (sudo) and nobody but `giveUp` can end the wait for it.
  }
}
