// The daemon with an sbatch that accepts every script at once: what is left is our own time, and the server's.
import { homedir, hostname } from 'node:os';
import { systemClock } from '../../src/base/clock.ts';
import { assemble, openCluster, openServer } from '../../src/cli/assemble.ts';
import { readBase } from '../../src/cli/read-base.ts';
import { readQueues } from '../../src/cli/serve-queues.ts';
import { runDaemon } from '../../src/glue/daemon.ts';
import { takeLock } from '../../src/glue/lock.ts';
import type { JobId, Scheduler } from '../../src/slurm/scheduler.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const typed = { 'template-files': ['held.template'], queue: ['default'], 'log-format': 'json' };
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
  stop: stop.signal,
  onSignal: () => () => undefined,
});
const { settings } = base.config;
const [cluster] = settings.clusters;
if (cluster === undefined) throw new RangeError('no cluster');
const lock = await takeLock(cluster.stateDir, hostname(), systemClock.now());
const serverSide = await openServer(base, await readQueues(settings, '.'), { createQueues: false });
const clusterSide = await openCluster(base, cluster, base.log);
const facts = await clusterSide.scheduler.facts();
const glue = await assemble(base, cluster, { ...serverSide, ...clusterSide, facts, log: base.log });

let jobs = 0;
const scheduler: Scheduler = {
  ...glue.scheduler,
  submit() {
    jobs += 1;
    return Promise.resolve({ kind: 'accepted', jobId: String(jobs) as JobId, cluster: undefined });
  },
};
const pace = { lookMs: settings.slurm.pollIntervalMs, queueMs: settings.slurm.queuePollIntervalMs };
await runDaemon({ ...glue, scheduler }, { pace, once: false, stop: stop.signal, lock });
await lock.release();
await glue.journal.close();
await glue.clearml.close();
await glue.host.close();
await base.closeLog();
