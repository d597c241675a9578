// The daemon with an sbatch that accepts every script at once: what is left is our own time, and the server's.
import { homedir, hostname } from 'node:os';
import { systemClock } from '../../src/base/clock.ts';
import { assemble } from '../../src/cli/assemble.ts';
import { readBase } from '../../src/cli/read-base.ts';
import { pairQueues, readTemplates } from '../../src/cli/serve-queues.ts';
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
  stop: stop.signal,
});
const { slurm } = base.config.settings;
const lock = await takeLock(slurm.stateDir, hostname(), systemClock.now());
const named = pairQueues(slurm.queues, await readTemplates(slurm.templateFiles, '.'));
const assembled = await assemble(base, named, { createQueues: false });

let jobs = 0;
const scheduler: Scheduler = {
  ...assembled.glue.scheduler,
  submit() {
    jobs += 1;
    return Promise.resolve({ kind: 'accepted', jobId: String(jobs) as JobId, cluster: undefined });
  },
};
const pace = { lookMs: slurm.pollIntervalMs, queueMs: slurm.queuePollIntervalMs };
await runDaemon({ ...assembled.glue, scheduler }, { pace, once: false, stop: stop.signal, lock });
await lock.release();
await assembled.close();
await base.closeLog();
