// The example of a training with checkpoints, which continues after a preemption, a requeue and its time limit on real Slurm.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { requireAgent, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { pythonOf } from './workflow-bed.ts';
import { startWorld, type Program, type World } from './world.ts';

const FOLDER = 'examples/workflows/checkpoints';

describe('a training task with checkpoints', () => {
  let cluster: SlurmCluster;
  let world: World;
  let daemon: Program;
  let code: string;
  /** The task that reaches its time limit. */
  let limited: string;
  /** The task whose checkpoints are output models. */
  let uploading: string;

  before(requireAgent);
  before(requireSandbox);
  before(requireSlurm);
  before(async () => {
    // KillWait: the processes that a task has left are killed after 20 s, which a busy machine may extend.
    cluster = await startSlurmCluster({ clusterName: 'checkpoints', killWaitMs: 60_000 });
    world = await startWorld({ cluster, python: await pythonOf(cluster), slurm: 'resubmit_on_timeout: 1' });
    code = await readFile(join(FOLDER, 'train.py'), 'utf8');
    const text = await readFile(join(FOLDER, 'checkpoints.template'), 'utf8');
    // The agent runs tasks with its own Python, so that nothing has to be installed.
    const quick = text.replace('${CLEARML_PRE', () => 'export CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1\n${CLEARML_PRE');
    const template = await world.write('checkpoints.template', quick.replace('@120', '@300'));
    await world.user.makeQueue('checkpoints');
    daemon = world.start('--template-files', template, '--queue', world.nameOf('checkpoints'));
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await cluster.stop();
  });

  /** Trains until it is aborted. */
  async function enqueue(
    partition: string,
    saveEvery: number,
    directory = join(world.folder, 'checkpoints'),
    program = code,
  ): Promise<string> {
    const section = (name: string, values: Readonly<Record<string, string>>): object =>
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { section: name, name: key, value }]));
    const settings = {
      iterations: '1000000',
      save_every: String(saveEvery),
      seconds: '0.1',
      directory,
    };
    const hyperparams = {
      properties: section('properties', { partition, walltime: '60' }),
      General: section('General', settings),
    };
    const task = await world.user.makeTask({ code: program, more: { hyperparams } });
    await world.user.enqueue(task, await world.user.makeQueue('checkpoints'));
    return task;
  }

  /** The iterations after which it has continued, or at which it has saved, so far. An agent that got no response sends lines again. */
  async function iterations(task: string, text: string): Promise<number[]> {
    const found = (await world.user.console(task)).matchAll(new RegExp(`${text} iteration (\\d+)`, 'g'));
    return [...new Set([...found].map(([, iteration]) => Number(iteration)))];
  }

  /** Waits until it has continued so often, and has saved since. */
  async function untilContinued(task: string, times: number): Promise<void> {
    const isSo = async (): Promise<boolean> => {
      const last = (await iterations(task, 'continues after'))[times - 1];
      return last !== undefined && (await iterations(task, 'saved at')).some((iteration) => iteration > last);
    };
    await waitUntil(`the training to continue: ${String(times)}`, isSo, {
      everyMs: 250,
      progress: () => world.log().length,
    });
  }

  /** The processes of its program on this machine, which is each node. */
  async function processesOf(task: string): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const environments = pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''));
    const found = (await Promise.all(environments)).map((text) => text.split('\0').includes(`CLEARML_TASK_ID=${task}`));
    return pids.filter((_, index) => found[index]);
  }

  async function untilWaiting(job: string): Promise<void> {
    const state = (): Promise<string> => world.cluster.run('squeue', '--noheader', '--jobs', job, '--format=%T');
    const isWaiting = async (): Promise<boolean> => (await state()).trim() === 'PENDING';
    await waitUntil('the job to wait again', isWaiting, { everyMs: 250, progress: () => world.log().length });
  }

  /** For how long it has run, rounded up. */
  async function minutesOf(job: string): Promise<number> {
    const start = await world.cluster.run('squeue', '--noheader', '--jobs', job, '--format=%S');
    return Math.ceil((Date.now() - Date.parse(start.trim())) / 60_000);
  }

  /** Slurm lets a requeued job wait for two minutes otherwise; in the second of its end the node would refuse it. */
  async function startAgain(job: string): Promise<void> {
    await world.cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now+2');
  }

  async function abort(task: string): Promise<void> {
    await world.user.api('tasks.stop', { task });
    await world.untilNoJob(task);
    await world.untilStatus(task, 'stopped');
  }

  /** The iterations of its scalars up to this one, and their values. */
  async function curveOf(task: string, end: number): Promise<{ readonly x: number[]; readonly y: number[] }> {
    const reply = await world.user.api('events.scalar_metrics_iter_histogram', { task });
    const { x, y } = (reply as { loss: { training: { x: number[]; y: number[] } } }).loss.training;
    const shown = x.map((iteration, index) => ({ iteration, value: y[index] ?? NaN }));
    const part = shown.filter(({ iteration }) => iteration <= end);
    return { x: part.map(({ iteration }) => iteration), y: part.map(({ value }) => value) };
  }

  /** Aborts it once the SDK has sent the scalars up to the last checkpoint: an abort loses those that the SDK still has. */
  async function abortWithCurve(task: string): Promise<number> {
    const end = Math.max(...(await iterations(task, 'saved at')));
    await waitUntil(
      `the scalars up to iteration ${String(end)}`,
      async () => new Set((await curveOf(task, end)).x).size === end,
      { everyMs: 250, progress: () => world.log().length },
    );
    await abort(task);
    return end;
  }

  /** Every iteration has its scalar, once and with its value. */
  async function expectWholeCurve(task: string, end: number): Promise<void> {
    const { x, y } = await curveOf(task, end);
    expect(end).to.be.at.least(Math.max(...(await iterations(task, 'continues after'))));
    expect(x).to.deep.equal(Array.from({ length: end }, (_, index) => index + 1));
    for (const [index, value] of y.entries()) expect(value).to.be.closeTo(0.99 ** (index + 1), 1e-6);
  }

  it('continues at the last checkpoint after Slurm has preempted and requeued its job', async () => {
    const task = await enqueue('low', 5);
    await world.untilConsole(task, 'saved at iteration');
    const [job = ''] = await world.jobsOf(task);
    const node = (await world.cluster.run('squeue', '--noheader', '--jobs', job, '--format=%N')).trim();

    const alone = [
      '--partition=debug',
      `--nodelist=${node}`,
      '--exclusive',
      '--output=/dev/null',
      '--wrap=sleep infinity',
    ];
    const urgent = (await world.cluster.run('sbatch', '--parsable', ...alone)).trim();
    await untilWaiting(job);
    expect(await processesOf(task)).to.deep.equal([]);
    await world.untilStatus(task, 'queued');
    await world.cluster.run('scancel', urgent);
    // They start meanwhile. Earlier, one would take the place of the other, or leave no reason for a preemption.
    limited = await enqueue('debug', 1_000_000);
    uploading = await enqueue('debug', 20, '');
    await startAgain(job);
    await untilContinued(task, 1);

    expect(await processesOf(task)).not.to.deep.equal([]);
    await world.cluster.run('scontrol', 'requeue', job);
    await untilWaiting(job);
    expect(await processesOf(task)).to.deep.equal([]);
    // Before it is parked, its job would find the gate closed, and the daemon would submit another.
    await world.untilStatus(task, 'queued');
    await startAgain(job);
    await untilContinued(task, 2);
    const end = await abortWithCurve(task);

    const [first = 0, second = 0] = await iterations(task, 'continues after');
    expect(first).to.be.at.least(5);
    expect(second).to.be.greaterThan(first);
    expect(await world.jobsOf(task)).to.deep.equal([job]);
    await expectWholeCurve(task, end);
  });

  it('saves a checkpoint before its time limit, and continues in a new job', async () => {
    const task = limited;
    await waitUntil(
      'its first scalar',
      async () => JSON.stringify(await world.user.api('events.scalar_metrics_iter_histogram', { task })) !== '{}',
      { everyMs: 250, progress: () => world.log().length },
    );
    const [first = ''] = await world.jobsOf(task);
    // Less than five minutes are left then, which is when Slurm sends the signal.
    await world.cluster.run(
      'scontrol',
      'update',
      `JobId=${first}`,
      `TimeLimit=${String((await minutesOf(first)) + 4)}`,
    );
    await world.untilConsole(task, 'the time limit is near');
    await world.untilConsole(task, 'saved at iteration');
    await world.cluster.run('scontrol', 'update', `JobId=${first}`, 'TimeLimit=1');

    await world.untilConsole(task, `: Slurm job ${first} reached its time limit.`);
    await world.untilConsole(task, 'continues after iteration');
    const jobs = await world.jobsOf(task);
    const [second = ''] = jobs.filter((id) => id !== first);
    expect(jobs).to.have.members([first, second]);
    expect(await iterations(task, 'continues after')).to.deep.equal(await iterations(task, 'saved at'));

    await abort(task);
  });

  it('leaves no process on the node after a requeue, even if a process ignores SIGTERM', async () => {
    // With proctrack/linuxproc, Slurm does not find a process whose parent has ended.
    const program = `import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(900)
    os._exit(0)
os.wait()
print("ready")
time.sleep(900)
`;
    const task = await enqueue('debug', 1, '', program);
    await world.untilConsole(task, 'ready');
    const [job = ''] = await world.jobsOf(task);
    // Longer than KillWait.
    for (const endpoint of ['events.add_batch', 'tasks.get_all', 'tasks.get_by_id', 'tasks.stopped'])
      await world.user.api('sandbox.fault', { endpoint, kind: 'delay', delayMs: 90_000, times: 1_000_000 });
    await world.cluster.run('scontrol', 'requeue', job);
    await untilWaiting(job);
    const left = await processesOf(task);
    // Before the expectation: a later test would meet them.
    await world.user.api('sandbox.clear_faults', {});
    expect(left).to.deep.equal([]);
    await abort(task);
  });

  it('continues at the last checkpoint that it has uploaded as an output model', async () => {
    const task = uploading;
    await world.untilConsole(task, 'saved at iteration');
    const [job = ''] = await world.jobsOf(task);
    expect(await processesOf(task)).not.to.deep.equal([]);
    await world.cluster.run('scontrol', 'requeue', job);
    await untilWaiting(job);
    expect(await processesOf(task)).to.deep.equal([]);
    const saved = await iterations(task, 'saved at');
    await startAgain(job);
    await untilContinued(task, 1);
    const end = await abortWithCurve(task);

    // The job may have ended after an upload and before it printed so.
    const [continued = 0] = await iterations(task, 'continues after');
    expect(continued % 20).to.equal(0);
    expect(continued).to.be.at.least(saved.at(-1) ?? 20);
    const { task: seen } = await world.user.api('tasks.get_by_id', { task });
    expect(seen).to.have.nested.property('models.output').with.property('length').that.is.at.least(1);
    await expectWholeCurve(task, end);
    await world.stop(daemon);
  });
});
