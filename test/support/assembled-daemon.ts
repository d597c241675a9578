// Assembles the daemon in this process as the program does, for tests that replace a part of it.
import { homedir, hostname } from 'node:os';
import { systemClock } from '../../src/base/clock.ts';
import { createDaemonDeps } from '../../src/daemon/serve/create-daemon-deps.ts';
import { openCluster } from '../../src/assembly/open-cluster.ts';
import { openServer } from '../../src/daemon/serve/connect-to-clearml.ts';
import { readUserMap } from '../../src/daemon/serve/wait-for-cluster.ts';
import { commonOptions } from '../../src/cli/setting-options.ts';
import type { ParsedArgs } from '../../src/cli/command.ts';
import { createApp } from '../../src/assembly/app.ts';
import { readQueues } from '../../src/assembly/read-queue-templates.ts';
import type { Settings } from '../../src/config/convert-settings.ts';
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
export async function assembleDaemon(typed: ParsedArgs, stop: AbortSignal): Promise<AssembledDaemon> {
  const base = createApp(commonOptions(typed), {
    environment: process.env,
    homeDir: homedir(),
    workingDir: process.cwd(),
    hostName: hostname(),
    stdout: () => undefined,
    stderr: () => undefined,
    errorStream: process.stderr,
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
  const sides = { ...serverSide, ...clusterSide };
  const userMap = await readUserMap(sides, settings.slurm);
  const deps = await createDaemonDeps(base, cluster, { ...sides, facts, userMap, log: base.log });

  return {
    settings,
    deps,
    lock,
    async close() {
      await lock.release();
      await deps.journal.close();
      await deps.clearml.close();
      await deps.transport.close();
      await base.closeLog();
    },
  };
}
