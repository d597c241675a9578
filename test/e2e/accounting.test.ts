// A cluster with accounting: jobs that it rejects, jobs that it delays, and records that only it keeps.
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { APPTAINER_BESIDE, slurmRoot } from '../set-up/slurm-roots.mjs';
import { makeImage } from '../support/apptainer-image.ts';
import {
  agentPython,
  requireAccounting,
  requireAgent,
  requireMemoryLimits,
  requireSlurmVersion,
} from '../support/skip-unless.ts';
import { ACCOUNT, ONE_JOB_QOS } from '../support/slurm-accounting.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { enterRoot } from '../support/slurm-root.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type Program, type World } from './world.ts';

describe('the daemon on a cluster with accounting', () => {
  let cluster: SlurmCluster;

  before(requireAgent);
  before(requireAccounting);
  before(requireMemoryLimits);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(async () => {
    cluster = await startSlurmCluster({
      clusterName: 'accounted',
      hasAccounting: true,
      nodeCount: 1,
      limitsMemory: true,
    });
  });
  after(() => cluster.stop());

  it("fails a task with an unknown Slurm account, and prints Slurm's message in the console (F-08)", async () => {
    await using world = await startWorld({ cluster });
    const [task = ''] = await enqueue(world, { account: 'no-such-account' });
    const daemon = await start(world);

    const { status_reason } = await world.untilStatus(task, 'failed');

    expect(status_reason).to.equal('rejected by Slurm');
    await world.untilConsole(task, 'Invalid account or account/partition combination specified');
    await world.untilConsole(task, '--account is set by the user property "account" (quick.template, line 5).');
    await world.stop(daemon);
  });

  it('explains that a task exceeded its memory, and names the user property that sets --mem (F-14)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memory-'));
    // Only a way to Apptainer: the job, and its group of processes, are of this cluster.
    const { binDir, keeper } = await enterRoot(slurmRoot(APPTAINER_BESIDE), folder);
    try {
      const image = join(folder, 'image');
      await makeImage(image, { hasPython: true });
      const environment = join(agentPython(), '../..');
      const agent = `default_docker { image: "${image}", arguments: ["-v", "${environment}:${environment}:ro"] }`;
      await using world = await startWorld({ cluster });
      await using contained = await startWorld({ cluster, agent });
      const task = await enqueueGreedy(world);
      const taskInside = await enqueueGreedy(contained);
      const template = quickTemplate().replace('${CLEARML_AGENT', (blank) => `${binDir}/apptainer exec ${blank}`);
      const files = ['--template-files', await contained.write('quick.template', template)];
      const daemon = await start(world);
      const another = contained.start('--singularity-mode', ...files, '--queue', contained.nameOf('quick'));

      await untilKilledForMemory(world, task);
      await untilKilledForMemory(contained, taskInside);
      await contained.untilConsole(taskInside, `\nin container ${image}\n`);
      await world.stop(daemon);
      await contained.stop(another);
    } finally {
      await keeper.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('keeps the second of two tasks queued while the QOS permits one job (S-05)', async () => {
    await using world = await startWorld({ cluster });
    const [first = ''] = await enqueue(world, { qos: ONE_JOB_QOS });
    const queue = await world.user.makeQueue('quick');
    const daemon = await start(world, '#SBATCH --hold');
    await waitUntil('a job of the first task', async () => (await world.jobsOf(first)).length === 1);
    const [second = ''] = await enqueue(world, { qos: ONE_JOB_QOS });

    const waiting = await world.until(second, 'the second task to be told why it waits', ({ status_message }) =>
      status_message.includes('QOSMaxSubmitJobPerUserLimit'),
    );
    // Each attempt claims the task again for a moment.
    const places = await waitUntil('the second task to be back in its queue', async () => {
      const entries = await world.user.entries(queue);
      return entries.length > 0 && entries;
    });
    await release(world, first);
    await world.untilStatus(first, 'completed');
    await waitUntil('a job of the second task', async () => (await world.jobsOf(second)).length === 1);
    await release(world, second);

    expect(waiting.status).to.equal('queued');
    const back = `Returned to the front of queue "${world.nameOf('quick')}": Slurm accepts no more jobs now: `;
    expect(waiting.status_message.startsWith(back), waiting.status_message).to.equal(true);
    expect(places).to.deep.equal([second]);
    await world.untilStatus(second, 'completed');
    expect((await world.user.console(second)).match(/hello from the task/g)).to.have.length(1);
    await world.stop(daemon);
  });

  // Only here: on a busy machine, the daemon would find in accounting alone what the other tests expect from the controller.
  describe('(MinJobAge of two seconds)', () => {
    before(() => cluster.change({ minJobAgeMs: 2_000 }));
    after(() => cluster.change({ minJobAgeMs: 300_000 }));

    it('sets the final status of a task whose job left squeue before a restart (S-20, F-14)', async () => {
      await using world = await startWorld({ cluster });
      const [completed = '', failed = '', cancelled = ''] = await enqueue(world, {}, { breaks: 'yes' }, {});
      const lines = ['#SBATCH --hold', '[ ${CLEARML_TASK.hyperparams.properties.breaks.value:no} = no ] || exit 7'];
      const daemon = await start(world, ...lines);
      for (const task of [completed, failed, cancelled]) await world.untilConsole(task, 'Submitted as Slurm job');
      await world.stop(daemon);

      for (const task of [completed, failed]) await release(world, task);
      await world.cluster.run('scancel', ...(await world.jobsOf(cancelled)));
      for (const task of [completed, failed, cancelled]) {
        await waitUntil('squeue to forget the job', async () => (await world.jobsOf(task)).length === 0);
      }
      const next = await start(world, ...lines);

      await world.untilConsole(completed, 'ended COMPLETED');
      expect((await world.user.look(completed)).status).to.equal('completed');
      await world.untilStatus(failed, 'failed');
      await world.untilConsole(failed, 'ended FAILED (exit code 7)');
      const { status_reason } = await world.untilStatus(cancelled, 'stopped');
      expect(status_reason).to.equal('cancelled in Slurm');
      const { username, uid } = userInfo();
      await world.untilConsole(cancelled, `it was cancelled in Slurm by ${username} (uid ${uid}).`);
      await world.stop(next);
    });
  });
});

/** A task for each set of user properties, in this order in queue "quick". */
async function enqueue(world: World, ...tasks: readonly Readonly<Record<string, string>>[]): Promise<string[]> {
  const queue = await world.user.makeQueue('quick');
  const ids: string[] = [];
  for (const properties of tasks) {
    const id = await world.user.makeTask({ properties });
    await world.user.enqueue(id, queue);
    ids.push(id);
  }
  return ids;
}

/** A task that takes more memory than it asks for. */
async function enqueueGreedy(world: World): Promise<string> {
  const code = `import os, time
print("in container", os.environ.get("APPTAINER_CONTAINER"), flush=True)
taken = bytearray(700 << 20)
time.sleep(3600)`;
  const task = await world.user.makeTask({ code, properties: { memory: '400M' } });
  await world.user.enqueue(task, await world.user.makeQueue('quick'));
  return task;
}

async function untilKilledForMemory(world: World, task: string): Promise<void> {
  const { status_reason } = await world.untilStatus(task, 'failed');
  expect(status_reason).to.equal('worker execution exit code -9');
  await world.untilConsole(task, 'a process was killed because the job used more memory than it requested');
  await world.untilConsole(task, /\(limit 400M per node, peak \d{3}M\)\. What to do: raise --mem\./);
  await world.untilConsole(task, '--mem is set by the user property "memory" (quick.template, line 9).');
}

/** Starts the daemon for queue "quick", with further lines in its template. */
async function start(world: World, ...lines: readonly string[]): Promise<Program> {
  return world.start(
    '--template-files',
    await world.write('quick.template', quickTemplate(...lines)),
    '--queue',
    world.nameOf('quick'),
  );
}

function quickTemplate(...lines: readonly string[]): string {
  return QUICK_TEMPLATE.replace(
    '#SBATCH --ntasks-per-node=1',
    [
      '#SBATCH --ntasks-per-node=1',
      `#SBATCH --account=\${CLEARML_TASK.hyperparams.properties.account.value:${ACCOUNT}}`,
      '#SBATCH --qos=${CLEARML_TASK.hyperparams.properties.qos.value:normal}',
    ].join('\n'),
  )
    .replace('memory.value:100M', 'memory.value:2G')
    .replace('export ', [...lines, 'export '].join('\n'));
}

/** Lets the job of a task start, which was submitted with `--hold`. */
async function release(world: World, task: string): Promise<void> {
  await world.cluster.run('scontrol', 'release', ...(await world.jobsOf(task)));
}
