// Starts the daemon in the background, and waits until it serves.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateDirectory } from '../../base/private-paths.ts';
import { systemClock, sleepUnlessStopped } from '../../base/clock.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import { findHolder, rejectDirectory } from '../journal/lock.ts';
import { readServingNote } from '../status/daemon-notes.ts';
import { startDetached } from '../../transport/spawn-detached.ts';
import { signalDaemon } from './running-daemons.ts';
import { daemonLogFile, rotateDaemonLog } from './daemon-log.ts';
import type { Configured } from '../../assembly/load-trusted-config.ts';

const POLL_MS = 100;

/** Longer than the daemon waits for a ClearML server that does not respond. */
export const SERVING_TIMEOUT_MS = 60_000;

export interface Detached {
  readonly pid: number;
  readonly logFile: string;
  readonly state:
    | { readonly kind: 'serving' }
    /** It runs, but it did not serve all clusters before the timeout. */
    | { readonly kind: 'starting'; readonly output: string }
    | { readonly kind: 'ended'; readonly exitCode: number | undefined; readonly output: string };
}

/**
 * Resolves when the daemon serves all its clusters or has ended, or at the timeout: the daemon waits for Slurm for hours.
 * @throws StateDirectoryError
 */
export async function detach(
  { config, context }: Configured,
  timeout = AbortSignal.timeout(SERVING_TIMEOUT_MS),
): Promise<Detached> {
  const { clusters } = config.settings;
  const logFile = await makeLogFile(clusters);
  const before = (await readLog(logFile)).length;
  const command = context.startedAs.filter((word) => !/^--detached(=true)?$/.test(word));
  const daemon = await startDetached(command, logFile);
  const over = new AbortController();
  const ended = daemon.ended.finally(() => over.abort());

  const { pid } = daemon;
  const output = async (): Promise<string> => (await readLog(logFile)).subarray(before).toString();

  while (!over.signal.aborted && !context.stop.aborted) {
    const isServed = await Promise.all(clusters.map(({ stateDir }) => serves(pid, stateDir, context.hostName)));
    if (!isServed.includes(false)) return { pid, logFile, state: { kind: 'serving' } };
    if (timeout.aborted) return { pid, logFile, state: { kind: 'starting', output: await output() } };
    await sleepUnlessStopped(systemClock, POLL_MS, over.signal);
  }
  if (context.stop.aborted) signalDaemon(pid, 'SIGTERM');
  const exitCode = await ended;
  return { pid, logFile, state: { kind: 'ended', exitCode, output: await output() } };
}

async function serves(pid: number, stateDir: string, hostName: string): Promise<boolean> {
  const holder = await findHolder(stateDir, hostName, systemClock.now());
  return holder?.pid === pid && (await readServingNote(stateDir, holder)).isOfHolder;
}

/** @throws StateDirectoryError */
async function makeLogFile(clusters: readonly ClusterSettings[]): Promise<string> {
  const file = daemonLogFile(clusters);
  const folder = dirname(file);
  try {
    await makePrivateDirectory(folder);
    rotateDaemonLog(file);
  } catch (error) {
    return rejectDirectory(folder, error);
  }
  return file;
}

function readLog(file: string): Promise<Buffer> {
  return readFile(file).catch(() => Buffer.alloc(0));
}
