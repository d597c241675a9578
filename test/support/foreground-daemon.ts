// Runs a daemon in the foreground as a child process with its output in a file; it ends with this process at the latest.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { offerEvidence } from './evidence.ts';
import { isCrash } from './slurm-crash.ts';
import { withSystemPrograms } from './slurm-command.ts';
import { failWaitsOn, TIMEOUT_MS, waitUntil } from './wait-until.ts';

export interface ForegroundDaemon {
  /** Its own process id: setpriv becomes the program. */
  readonly pid: number;
  isRunning: () => boolean;
  /** The last lines of its output, 20 by default. */
  logTail: (lines?: number) => string;
  /**
   * Waits until it is ready; if it ends before, it is an error. From then on every wait of the tests fails if it ends before it is
   * stopped or killed here.
   */
  untilReady(isReady: () => boolean | Promise<boolean>): Promise<void>;
  /** Sends SIGTERM, later SIGKILL, and returns when it has ended. */
  stop(): Promise<void>;
  /** Sends SIGKILL, and returns when it has ended. */
  kill(): Promise<void>;
}

export interface DaemonCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly logPath: string;
  /** In messages; by default the program. */
  readonly name?: string;
  /** By default ours; always with the directories of system programs on its PATH. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called if a bug of it ends it: one of the signals that no test sends. */
  readonly onCrash?: (signal: NodeJS.Signals, daemon: ForegroundDaemon) => void;
}

/** Of its log, for a failed test. */
const EVIDENCE_LINES = 12;

/** With setpriv(1), the kernel ends the daemon when this process ends, however that happens. */
const BOUND_TO_US = ['setpriv', '--pdeathsig', 'KILL', '--'];
let prefix: readonly string[] | undefined;

/** The installed demo also runs on systems whose setpriv is too old for that (util-linux 2.32 of RHEL 8). */
function commandPrefix(): readonly string[] {
  const [program = '', ...args] = BOUND_TO_US;
  prefix ??= spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? BOUND_TO_US : [];
  return prefix;
}

/** Starts it so that it ends with this process, where the system can do that. */
export async function startDaemon(command: DaemonCommand): Promise<ForegroundDaemon> {
  const { logPath, program, name = basename(program) } = command;
  const logSize = (): number => statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
  let sizeBefore = logSize();
  const log = openSync(logPath, 'a');
  const [first = '', ...words] = [...commandPrefix(), program, ...command.args];
  const child = spawn(first, words, {
    stdio: ['ignore', log, log],
    env: withSystemPrograms(command.env ?? process.env),
    cwd: command.cwd,
    // Ctrl-C, which a terminal sends to all its processes, must not reach it: the caller stops it in order.
    detached: true,
  });
  closeSync(log);
  await once(child, 'spawn');
  const gone = once(child, 'exit');

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const logTail = (lines = 20): string => lastLines(readFileSync(logPath, 'utf8'), lines);
  const end = (): string | undefined =>
    isRunning() ? undefined : `${name} ended by itself (${child.signalCode ?? `exit code ${String(child.exitCode)}`})`;
  let expectEnd = (): void => undefined;
  const evidence = offerEvidence({
    begin: () => {
      sizeBefore = logSize();
    },
    read: () => {
      const state = isRunning() ? 'running' : 'ended';
      const said = lastLines(readFileSync(logPath).subarray(sizeBefore).toString(), EVIDENCE_LINES);
      return Promise.resolve(said === '' ? [] : [`${name} (${state}, ${logPath}):\n${said}`]);
    },
  });

  async function endBy(signal: NodeJS.Signals): Promise<void> {
    expectEnd();
    child.kill(signal);
    await gone;
    await evidence.close();
  }

  const daemon: ForegroundDaemon = {
    pid: child.pid ?? 0,
    isRunning,
    logTail,
    async untilReady(isReady) {
      try {
        await waitUntil(`${name} to be ready`, isReady, { hopeless: end, evidence: logTail });
      } catch (error) {
        await endBy('SIGKILL');
        throw error;
      }
      expectEnd = failWaitsOn(end);
    },
    kill: () => endBy('SIGKILL'),
    async stop() {
      const killTimer = setTimeout(() => void child.kill('SIGKILL'), TIMEOUT_MS);
      try {
        await endBy('SIGTERM');
      } finally {
        clearTimeout(killTimer);
      }
    },
  };
  child.once('exit', (_, signal) => {
    if (isCrash(signal)) command.onCrash?.(signal, daemon);
  });
  return daemon;
}

function lastLines(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
