// The daemon put together in this process as the program does it, for tests that run it with a part of it replaced.
import { homedir, hostname } from 'node:os';
import { systemClock } from '../../src/base/clock.ts';
import { assemble, openCluster, openServer } from '../../src/cli/assemble.ts';
import type { Typed } from '../../src/cli/command.ts';
import { readBase } from '../../src/cli/read-base.ts';
import { readQueues } from '../../src/cli/serve-queues.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { acquireLock, type Lock } from '../../src/daemon/journal/lock.ts';

export interface AssembledDaemon {
  readonly settings: Settings;
  readonly deps: DaemonDeps;
  readonly lock: Lock;
  /** Once it has ended. */
  readonly close: () => Promise<void>;
}

/** @param typed options as on the command line; templates are named from the working folder */
export async function assembleDaemon(typed: Typed, stop: AbortSignal): Promise<AssembledDaemon> {
  const base = readBase(typed, {
    environment: process.env,
    homeDir: homedir(),
    workingDir: process.cwd(),
    hostName: hostname(),
    stdout: () => undefined,
    stderr: () => undefined,
    errorStream: process.stderr,
    isTerminal: false,
    startedAs: [],
    stop,
    onSignal: () => () => undefined,
  });
  const { settings } = base.config;
  const [cluster] = settings.clusters;
  if (cluster === undefined) throw new RangeError('no cluster');
  const lock = await acquireLock(cluster.stateDir, hostname(), systemClock.now());
  const serverSide = await openServer(base, await readQueues(settings, '.'), { createQueues: false });
  const clusterSide = await openCluster(base, cluster, base.log);
  const facts = await clusterSide.scheduler.facts();
  const deps = await assemble(base, cluster, { ...serverSide, ...clusterSide, facts, log: base.log });

  return {
    settings,
    deps,
    lock,
    async close() {
      await lock.release();
      await deps.journal.close();
      await deps.clearml.close();
      await deps.host.close();
      await base.closeLog();
    },
  };
}
