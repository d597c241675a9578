// The controller or the ClearML server is down for longer than all our timeouts: the daemon catches up, and does nothing else.
import { expect } from 'chai';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { requirePython, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type Program, type World } from './world.ts';

/** Longer than every grace period of the test's configuration, and than any of Slurm's commands retries. */
const OUTAGE_MS = 30_000;

/** A program that works until this file is there. */
const worksUntil = (file: string): string =>
  `import os, time\nprint("begins")\nwhile not os.path.exists("${file}"): time.sleep(0.2)\nprint("ends well")\n`;

/** What the daemon and the agents ask of the server. */
const ENDPOINTS = [
  'auth.login',
  'events.add_batch',
  'queues.add_task',
  'queues.get_all',
  'queues.remove_task',
  'tasks.completed',
  'tasks.failed',
  'tasks.get_all',
  'tasks.get_by_id',
  'tasks.ping',
  'tasks.stopped',
  'workers.get_all',
  'workers.status_report',
];

describe('the daemon', () => {
  let cluster: SlurmCluster;

  before(requirePython);
  before(requireSlurm);
  before(async () => {
    cluster = await startSlurmCluster({ clusterName: 'outage', nodeCount: 1, messageTimeoutMs: 3_000 });
  });
  after(() => cluster.stop());

  it('leaves the status of every task unchanged while slurmctld is down (S-18)', async () => {
    await using world = await startWorld({ cluster, python: standInAgentPython() });
    const { daemon, runs, waits } = await startTwo(world);

    // Before: while the controller saves its state, a poll may fail.
    const saidBefore = warnings(daemon).length;
    await cluster.stopController();
    const saidAtStop = warnings(daemon).length;
    const until = Date.now() + OUTAGE_MS;
    while (Date.now() < until) {
      expect((await world.user.look(runs)).status).to.equal('in_progress');
      expect((await world.user.look(waits)).status).to.equal('queued');
      await sleep(1_000);
    }
    const printed = warnings(daemon).slice(saidBefore);
    const printedLater = warnings(daemon).slice(saidAtStop);
    await cluster.startController();
    await world.write('may end', '');

    expect(printed.join('\n')).to.include('Job list unavailable');
    // While the controller ends, its clients may report other errors first.
    expect(printedLater).to.have.length.within(0, 2);
    expect(printed).to.have.length.within(1, 4);
    await world.untilStatus(runs, 'completed');
    expect((await world.user.look(waits)).status).to.equal('queued');
    expect(await untilJobsOf(world, waits)).to.have.length(1);
    expect((await world.user.console(runs)).match(/ends well/g)).to.have.length(1);
    await world.stop(daemon);
  });

  describe('after an outage of the ClearML server (injected faults)', () => {
    before(requireSandbox);

    it('sets the status "stopped" if a job was cancelled during the outage (C-01)', async () => {
      await using world = await startWorld({ cluster, python: standInAgentPython() });
      const { daemon, runs, waits } = await startTwo(world);

      for (const endpoint of ENDPOINTS) {
        await world.user.api('sandbox.fault', { endpoint, kind: 'status', status: 503, times: 1_000_000 });
      }
      for (const task of [runs, waits])
        await cluster.run('scancel', ...(await untilJobsOf(world, task, 'PENDING,RUNNING')));
      await Promise.all([runs, waits].map((task) => world.untilNoJob(task)));
      await daemon.untilLogged('ClearML request failed');
      await world.user.api('sandbox.clear_faults', {});

      for (const task of [runs, waits]) {
        expect((await world.untilStatus(task, 'stopped')).status_reason).to.equal('cancelled in Slurm');
      }
      await world.stop(daemon);
    });
  });
});

/** Slurm's commands give up after three seconds, and this controller has just started. */
function untilJobsOf(world: World, task: string, states?: string): Promise<string[]> {
  return waitUntil('squeue to respond', () => world.jobsOf(task, states).catch(() => undefined));
}

interface Two {
  readonly daemon: Program;
  readonly runs: string;
  readonly waits: string;
}

/** A task that runs, and one whose job is held. */
async function startTwo(world: World): Promise<Two> {
  const held = QUICK_TEMPLATE.replace('--ntasks-per-node=1', '--ntasks-per-node=1\n#SBATCH --hold');
  const [quick, hold] = [await world.write('quick.template', QUICK_TEMPLATE), await world.write('held.template', held)];
  const runs = await world.user.makeTask({ code: worksUntil(join(world.folder, 'may end')) });
  const waits = await world.user.makeTask({});
  await world.user.enqueue(runs, await world.user.makeQueue('quick'));
  await world.user.enqueue(waits, await world.user.makeQueue('held'));
  const daemon = world.start('--template-files', quick, hold, '--queue', ...['quick', 'held'].map(world.nameOf));
  await world.untilStatus(runs, 'in_progress');
  await world.untilConsole(waits, 'waits in partition');
  return { daemon, runs, waits };
}

function warnings(daemon: Program): string[] {
  return daemon
    .log()
    .split('\n')
    .filter((line) => /\b(?:warn|error)\b/i.test(line));
}
