// Starts the daemon in the background, and tells where its log is once it holds its state folder.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateDirectory } from '../../base/private-directory.ts';
import { systemClock } from '../../base/clock.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import { StateDirectoryError } from '../../daemon/journal/lock.ts';
import { startDetached } from '../../transport/detached.ts';
import type { Surroundings, Typed } from '../command.ts';
import { daemonLogFile, shortenDaemonLog } from '../daemon-log.ts';
import { EXIT } from '../exit-codes.ts';
import { readConfig } from '../read-config.ts';
import { findDaemons } from '../running-daemons.ts';
import { tellResult } from '../tell-result.ts';

const LOOK_EVERY_MS = 100;

/**
 * Returns `ok` once the daemon runs, else the daemon's own exit code, having said what it said.
 * @throws ConfigError, UsageProblem, StateDirectoryError
 */
export async function detach(typed: Typed, around: Surroundings): Promise<number> {
  const logFile = await makeLogFile(typed, around);
  const before = (await readLog(logFile)).length;
  const command = around.startedAs.filter((word) => !/^--detached(=true)?$/.test(word));
  const daemon = await startDetached(command, logFile);
  const over = new AbortController();
  const ended = daemon.ended.finally(() => over.abort());

  while (!over.signal.aborted && !around.stop.aborted) {
    const { here } = await findDaemons(typed, around);
    if (here.some(({ pid }) => pid === daemon.pid)) {
      tellResult(
        around,
        `Started: process ${daemon.pid}. Its log is ${logFile}.\nSee its tasks with clearml-agent-slurm status; end it with stop, or with drain once its jobs have ended.\n`,
      );
      return EXIT.ok;
    }
    await sleepUnlessStopped(systemClock, LOOK_EVERY_MS, over.signal);
  }
  if (around.stop.aborted) process.kill(daemon.pid, 'SIGTERM');
  const code = (await ended) ?? EXIT.failed;
  around.stderr((await readLog(logFile)).subarray(before).toString());
  around.stderr(`clearml-agent-slurm: the daemon has ended with exit code ${code}. Its log is ${logFile}.\n`);
  return code;
}

/** @throws StateDirectoryError */
async function makeLogFile(typed: Typed, around: Surroundings): Promise<string> {
  const file = daemonLogFile(readConfig(typed, around).settings.clusters);
  const folder = dirname(file);
  try {
    await makePrivateDirectory(folder);
    shortenDaemonLog(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StateDirectoryError(
      `The state folder ${folder} can't be used: ${why}. Set agent.slurm.state_dir to a folder of yours.`,
    );
  }
  return file;
}

function readLog(file: string): Promise<Buffer> {
  return readFile(file).catch(() => Buffer.alloc(0));
}
