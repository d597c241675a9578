// Runs the daemon with an sbatch that accepts every script at once: only our own time and the server's remain.
import { runDaemon } from '../../src/daemon/reconcile-loop.ts';
import type { JobId, Scheduler } from '../../src/slurm/scheduler.ts';
import { assembleDaemon } from '../support/assembled-daemon.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const typed = { 'template-files': ['held.template'], queue: ['default'], 'log-format': 'json' };
const { settings, deps, lock, close } = await assembleDaemon(typed, stop.signal);

let jobs = 0;
const scheduler: Scheduler = {
  ...deps.scheduler,
  submit() {
    jobs += 1;
    return Promise.resolve({ kind: 'accepted', jobId: String(jobs) as JobId, cluster: undefined });
  },
};
const intervals = { pollMs: settings.slurm.pollIntervalMs, queueMs: settings.slurm.queuePollIntervalMs };
await runDaemon({ ...deps, scheduler }, { intervals, once: false, stop: stop.signal, lock });
await close();
