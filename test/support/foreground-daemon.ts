// Runs a daemon in the foreground as a child process with its output in a file; it ends with this process at the latest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { withSystemPrograms } from './slurm-command.ts';
import { TIMEOUT_MS } from './wait-until.ts';

export interface ForegroundDaemon {
  /** Its own process id: setpriv becomes the program. */
  readonly pid: number;
  isRunning: () => boolean;
  /** The last lines of its output, 20 by default. */
  logTail: (lines?: number) => string;
  /** Sends SIGTERM, later SIGKILL, and returns when it has ended. */
  stop(): Promise<void>;
  /** Sends SIGKILL, and returns when it has ended. */
  kill(): Promise<void>;
}

export interface DaemonCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly logPath: string;
  /** By default ours; always with the directories of system programs on its PATH. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Starts it under setpriv(1), so that the kernel ends it when this process ends, however that happens. */
export async function startDaemon(command: DaemonCommand): Promise<ForegroundDaemon> {
  const log = openSync(command.logPath, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command.program, ...command.args], {
    stdio: ['ignore', log, log],
    env: withSystemPrograms(command.env ?? process.env),
    cwd: command.cwd,
    // Ctrl-C, which a terminal sends to all its processes, must not reach it: the caller stops it in order.
    detached: true,
  });
  closeSync(log);
  await once(child, 'spawn');
  const gone = once(child, 'exit');

  async function end(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal);
    await gone;
  }

  return {
    pid: child.pid ?? 0,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    logTail: (lines = 20) => readFileSync(command.logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    kill: () => end('SIGKILL'),
    async stop() {
      const killTimer = setTimeout(() => void child.kill('SIGKILL'), TIMEOUT_MS);
      try {
        await end('SIGTERM');
      } finally {
        clearTimeout(killTimer);
      }
    },
  };
}
