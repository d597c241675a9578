// Starts the daemon in the background.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateDirectory } from '../../base/private-directory.ts';
import { systemClock } from '../../base/clock.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import { StateDirectoryError } from '../journal/lock.ts';
import { startDetached } from '../../transport/spawn-detached.ts';
import { daemonLogFile, rotateDaemonLog } from './daemon-log.ts';
import type { ProcessContext } from '../../assembly/process-context.ts';
import { readConfig, type CommonOptions } from '../../assembly/load-trusted-config.ts';
import { findDaemons } from './running-daemons.ts';

const POLL_MS = 100;

export interface Detached {
  readonly pid: number;
  readonly logFile: string;
  /** undefined while the daemon runs. */
  readonly ended: { readonly exitCode: number | undefined; readonly output: string } | undefined;
}

/**
 * Resolves when the daemon holds its state directory, or has ended.
 * @throws ConfigError, StateDirectoryError
 */
export async function detach(options: CommonOptions, context: ProcessContext): Promise<Detached> {
  const logFile = await makeLogFile(options, context);
  const before = (await readLog(logFile)).length;
  const command = context.startedAs.filter((word) => !/^--detached(=true)?$/.test(word));
  const daemon = await startDetached(command, logFile);
  const over = new AbortController();
  const ended = daemon.ended.finally(() => over.abort());

  while (!over.signal.aborted && !context.stop.aborted) {
    const { here } = await findDaemons(options, context);
    if (here.some(({ pid }) => pid === daemon.pid)) return { pid: daemon.pid, logFile, ended: undefined };
    await sleepUnlessStopped(systemClock, POLL_MS, over.signal);
  }
  if (context.stop.aborted) process.kill(daemon.pid, 'SIGTERM');
  const exitCode = await ended;
  const output = (await readLog(logFile)).subarray(before).toString();
  return { pid: daemon.pid, logFile, ended: { exitCode, output } };
}

/** @throws StateDirectoryError */
async function makeLogFile(options: CommonOptions, context: ProcessContext): Promise<string> {
  const file = daemonLogFile(readConfig(options, context).settings.clusters);
  const folder = dirname(file);
  try {
    await makePrivateDirectory(folder);
    rotateDaemonLog(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StateDirectoryError(
      `The state directory ${folder} cannot be used: ${why}. Set agent.slurm.state_dir to a directory that you own.`,
    );
  }
  return file;
}

function readLog(file: string): Promise<Buffer> {
  return readFile(file).catch(() => Buffer.alloc(0));
}
