// The server and the daemons of a chaos run as processes that can be killed and restarted.
import { resolve } from 'node:path';
import { startDaemon, type ForegroundDaemon } from '../support/foreground-daemon.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A process that can be killed and restarted. */
export interface RestartableProcess {
  pid(): number;
  isRunning(): boolean;
  start(): Promise<void>;
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 300_000;

export function restartable(
  launch: () => Promise<ForegroundDaemon>,
  isReady?: () => Promise<boolean>,
): RestartableProcess {
  let running: ForegroundDaemon | undefined;
  return {
    pid: () => running?.pid ?? 0,
    isRunning: () => running?.isRunning() === true,
    async start() {
      const started = (running = await launch());
      if (isReady === undefined) return;
      await waitUntil('a program of the bed', isReady, { withinMs: START_TIMEOUT_MS, evidence: started.logTail });
    },
    async kill() {
      await running?.kill();
    },
  };
}

interface ProgramOptions {
  readonly logPath: string;
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs it as another user. */
  readonly prefix?: readonly string[] | undefined;
}

/** Starts a program of this repository with these arguments for Node; it ends with this process at the latest. */
export function program(
  { logPath, cwd, environment = {}, prefix = [] }: ProgramOptions,
  ...args: readonly string[]
): Promise<ForegroundDaemon> {
  const { PATH = '/usr/bin:/bin', USER = 'root', LOGNAME = 'root' } = process.env;
  const [command = '', ...words] = [...prefix, process.execPath, ...args];
  return startDaemon({
    program: command,
    args: words,
    logPath,
    cwd,
    env: { PATH, USER, LOGNAME, TSX_TSCONFIG_PATH: resolve('tsconfig.json'), ...environment },
  });
}
