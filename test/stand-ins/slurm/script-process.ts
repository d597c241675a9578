// Runs the script of a job as a process group, which ends with the stand-in cluster in any case.
import { spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { constants } from 'node:os';

export interface ScriptStart {
  readonly scriptPath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workDir: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly appends: boolean;
}

export interface ScriptEnd {
  readonly exitCode: number;
  /** 0 when no signal ended it. */
  readonly exitSignal: number;
}

export interface ScriptProcess {
  /** Sends a signal to the script and everything that it started. */
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<ScriptEnd>;
}

/**
 * Beside the script waits a guard, with one end of a pipe whose other end we hold. When we end or let go, it kills the
 * whole group: nothing of a job outlives the job, nor the cluster.
 */
const GUARDED = '(trap "" TERM INT HUP; read -r _ <&3; kill -KILL 0) & exec 3<&-; umask "$1"; exec "$0"';

/** Slurm's signal for an output file that cannot be opened. */
const NO_OUTPUT: ScriptEnd = { exitCode: 0, exitSignal: 53 };

export function startScript(start: ScriptStart): ScriptProcess {
  const files = openOutput(start);
  if (files === undefined) return { signal: () => undefined, ended: Promise.resolve(NO_OUTPUT) };
  const child = spawn('/bin/sh', ['-c', GUARDED, start.scriptPath, start.environment['SLURM_UMASK'] ?? '0022'], {
    cwd: isFolder(start.workDir) ? start.workDir : '/tmp',
    env: { ...start.environment },
    stdio: ['ignore', files.stdout, files.stderr, 'pipe'],
    detached: true,
  });
  closeSync(files.stdout);
  if (files.stderr !== files.stdout) closeSync(files.stderr);
  const ended = new Promise<ScriptEnd>((resolve) => {
    child.once('error', () => resolve({ exitCode: 127, exitSignal: 0 }));
    child.once('exit', (code, signal) => {
      child.stdio[3]?.destroy();
      resolve({ exitCode: code ?? 0, exitSignal: signal === null ? 0 : constants.signals[signal] });
    });
  });
  return {
    signal(name) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended, and its `exit` event is pending.
      }
    },
    ended,
  };
}

function openOutput(start: ScriptStart): { stdout: number; stderr: number } | undefined {
  const flags = start.appends ? 'a' : 'w';
  const mode = 0o666 & ~Number.parseInt(start.environment['SLURM_UMASK'] ?? '0022', 8);
  let stdout: number | undefined;
  try {
    stdout = openSync(start.stdoutPath, flags, mode);
    return { stdout, stderr: start.stderrPath === start.stdoutPath ? stdout : openSync(start.stderrPath, flags, mode) };
  } catch {
    if (stdout !== undefined) closeSync(stdout);
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
