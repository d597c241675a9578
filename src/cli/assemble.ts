// Puts the parts together: the one place where everything is made from the configuration.
import { randomBytes } from 'node:crypto';
import { delimiter } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { ServerFacts } from '../clearml/client.ts';
import type { Glue } from '../glue/glue.ts';
import { openJournal } from '../glue/journal.ts';
import { createNeighbours } from '../glue/neighbours.ts';
import type { Host } from '../host/host.ts';
import { createLocalHost } from '../host/local.ts';
import { createCliScheduler } from '../slurm/cli-scheduler.ts';
import type { Scheduler } from '../slurm/scheduler.ts';
import { daemonMark, jobSettings, workerName } from './job-settings.ts';
import { makeClearml } from './make-clearml.ts';
import type { Base } from './read-base.ts';
import { findQueues, type NamedQueue } from './serve-queues.ts';
import { readVersion } from './version.ts';

/** This machine, as the place where Slurm's commands run. */
function makeHost({ config, around }: Base): Host {
  const { environment, homeDir, workingDir } = around;
  const { slurmBinDir, slurmConf } = config.settings.slurm;
  const path = [slurmBinDir, environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].filter(
    (part) => part !== undefined,
  );
  const variables = Object.fromEntries(
    PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
  return createLocalHost({
    path: path.join(delimiter),
    home: homeDir,
    user: environment['USER'] ?? environment['LOGNAME'] ?? '',
    workingDirectory: workingDir,
    variables: slurmConf === undefined ? variables : { ...variables, SLURM_CONF: slurmConf },
  });
}

/** What Slurm's commands need of our environment; anything else would reach the jobs. */
const PASSED_ON = ['SLURM_CONF', 'KRB5CCNAME', 'TZ'];

function makeScheduler({ config, log }: Base, host: Host): Scheduler {
  const { binaries, sbatchTimeoutMs, commandTimeoutMs } = config.settings.slurm;
  return createCliScheduler({
    host,
    sbatchTimeoutMs,
    commandTimeoutMs,
    commands: {
      sbatch: binaries.batchBinary,
      squeue: binaries.monitorBinary,
      sacct: besides(binaries.batchBinary, 'sacct'),
      scancel: besides(binaries.batchBinary, 'scancel'),
      scontrol: besides(binaries.batchBinary, 'scontrol'),
    },
    log,
    randomToken,
  });
}

/** Another of Slurm's commands, where the named one is. */
function besides(command: string, name: string): string {
  const slash = command.lastIndexOf('/');
  return slash === -1 ? name : `${command.slice(0, slash + 1)}${name}`;
}

/** About twelve lower-case letters and digits. */
function randomToken(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36);
}

export interface Assembled {
  readonly glue: Glue;
  readonly server: ServerFacts;
  close(): Promise<void>;
}

/**
 * Everything that the daemon works with: the server is logged in to, the cluster has answered, the queues are found.
 * @throws what any of them throws
 */
export async function assemble(
  base: Base,
  named: readonly NamedQueue[],
  { createQueues }: { readonly createQueues: boolean },
): Promise<Assembled> {
  const { config, log } = base;
  const { slurm } = config.settings;
  const clearml = makeClearml(base);
  const host = makeHost(base);
  const scheduler = makeScheduler(base, host);

  const cluster = await scheduler.facts();
  const server = await clearml.connect();
  const queues = await findQueues(clearml, named, { create: createQueues, server: server.apiServer });
  const schedulerQueue =
    (await clearml.queues.find(slurm.schedulerQueue)) ?? (await clearml.queues.create(slurm.schedulerQueue));
  const journal = await openJournal(slurm.stateDir, systemClock.now());

  const who = { worker: workerName(base), mark: daemonMark(base) };
  const glue: Glue = {
    clearml,
    scheduler,
    host,
    journal,
    clock: systemClock,
    log,
    randomToken,
    ...who,
    neighbours: createNeighbours({ ...who, queues: queues.map(({ id }) => id), schedulerQueue: schedulerQueue.id }),
    version: await readVersion(),
    queues,
    orderFairness: slurm.orderFairness,
    schedulerQueue: schedulerQueue.id,
    cluster,
    submitsPerSecond: slurm.submitsPerSecond,
    graces: slurm.grace,
    adoptMs: slurm.grace.adoptMs,
    job: jobSettings(base, server.apiServer),
    busy: new Set(),
  };

  return {
    glue,
    server,
    async close() {
      await journal.close();
      await clearml.close();
      await host.close();
    },
  };
}
