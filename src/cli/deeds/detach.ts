// Starts the daemon in the background, and tells where its log is once it holds its state folder.
import { commonOptions } from '../setting-options.ts';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateDirectory } from '../../base/private-directory.ts';
import { systemClock } from '../../base/clock.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import { StateDirectoryError } from '../../daemon/journal/lock.ts';
import { startDetached } from '../../transport/detached.ts';
import type { CommandContext, Typed } from '../command.ts';
import { daemonLogFile, shortenDaemonLog } from '../../daemon/serve/daemon-log.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { findDaemons } from '../../daemon/serve/running-daemons.ts';
import { tellResult } from '../tell-result.ts';

const LOOK_EVERY_MS = 100;

/**
 * Returns `ok` once the daemon runs, else the daemon's own exit code, having said what it said.
 * @throws ConfigError, UsageError, StateDirectoryError
 */
export async function detach(typed: Typed, context: CommandContext): Promise<number> {
  const logFile = await makeLogFile(typed, context);
  const before = (await readLog(logFile)).length;
  const command = context.startedAs.filter((word) => !/^--detached(=true)?$/.test(word));
  const daemon = await startDetached(command, logFile);
  const over = new AbortController();
  const ended = daemon.ended.finally(() => over.abort());

  while (!over.signal.aborted && !context.stop.aborted) {
    const { here } = await findDaemons(commonOptions(typed), context);
    if (here.some(({ pid }) => pid === daemon.pid)) {
      tellResult(
        context,
        `Started: process ${daemon.pid}. Its log is ${logFile}.\nSee its tasks with clearml-agent-slurm status; end it with stop, or with drain once its jobs have ended.\n`,
      );
      return EXIT.ok;
    }
    await sleepUnlessStopped(systemClock, LOOK_EVERY_MS, over.signal);
  }
  if (context.stop.aborted) process.kill(daemon.pid, 'SIGTERM');
  const code = (await ended) ?? EXIT.failed;
  context.stderr((await readLog(logFile)).subarray(before).toString());
  context.stderr(`clearml-agent-slurm: the daemon has ended with exit code ${code}. Its log is ${logFile}.\n`);
  return code;
}

/** @throws StateDirectoryError */
async function makeLogFile(typed: Typed, context: CommandContext): Promise<string> {
  const file = daemonLogFile(readConfig(commonOptions(typed), context).settings.clusters);
  const folder = dirname(file);
  try {
    await makePrivateDirectory(folder);
    shortenDaemonLog(file);
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
