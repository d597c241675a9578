// `status`: the table and the JSON, with a daemon and without one, and with half of the world away.
import { expect } from 'chai';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from '../../src/glue/lock.ts';
import { startStandInCluster, type StandInCluster } from '../../src/sandbox/slurm/stand-in-cluster.ts';
import { hereOnSandbox, type OnSandbox } from './on-sandbox.ts';

/** The job stays where `status` can see it. */
const TEMPLATE = '#!/bin/bash\n#SBATCH --hold\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('status', function () {
  this.timeout(60_000);
  let folder: string;
  let slurm: StandInCluster;
  let place: OnSandbox;
  let words: readonly string[];

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'status-')));
    slurm = await startStandInCluster({ stateDir: join(folder, 'slurm') });
    place = await hereOnSandbox(`agent.slurm.slurm_bin_dir: ${slurm.commandsDir}`);
    await place.write('t', TEMPLATE);
    words = ['--state-dir', join(folder, 'state')];
  });
  afterEach(async () => {
    await slurm.close();
    await place[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** A task whose job is held in Slurm, submitted by a daemon that has ended. */
  async function submitOne(name: string): Promise<string> {
    const task = await place.user.makeTask({ name });
    await place.user.enqueue(task, await place.user.makeQueue('gpu'));
    const { code, stderr } = await place.run('--once', '--queue', 'gpu', '--template-files', 't', ...words);
    expect(code, stderr).to.equal(0);
    return task;
  }

  it('without a daemon and a task says so, and makes nothing', async () => {
    const { code, stdout } = await place.run('status', ...words);

    expect(code).to.equal(0);
    expect(stdout).to.equal(
      `Daemon not running (state folder ${folder}/state): jobs go on, but nothing is taken or told until it is started.\nNo task is on its way.\n`,
    );
    expect(await readdir(folder)).to.deep.equal(['slurm']);
  });

  it('tells of each task where it is, why it waits, and what to do, also while the state folder is locked', async () => {
    const task = await submitOne('train\tthe\x1b[31m model');
    const lock = await takeLock(join(folder, 'state'), 'login1', Date.UTC(2026, 0, 2, 3, 4));

    const { code, stdout } = await place.run('status', ...words);
    await lock.release();

    expect(code).to.equal(0);
    const [daemon, head, row] = stdout.split('\n');
    expect(daemon).to.equal(`Daemon running: process ${process.pid} on login1, since 2026-01-02 03:04 UTC.`);
    expect(head).to.match(/^TASK +NAME +QUEUE +JOB +STATE +SINCE +NODE +WHY$/);
    expect(row).to.match(
      new RegExp(`^${task}  train the model  gpu    \\d+ +PENDING  20.* UTC  -     it is held \\(JobHeldUser\\)`),
    );
  });

  it('prints the same as JSON', async () => {
    const task = await submitOne('train');

    const { stdout } = await place.run('status', '--json', ...words);

    const { clusters } = JSON.parse(stdout) as { clusters: [{ daemon: unknown; tasks: [Record<string, unknown>] }] };
    expect(clusters[0].daemon).to.equal(null);
    expect(clusters[0].tasks[0]).to.include({ task, name: 'train', queue: 'gpu', state: 'PENDING', nodes: null });
  });

  it('finds the jobs without a journal', async () => {
    const task = await submitOne('train');
    await rm(join(folder, 'state'), { recursive: true });

    const { stdout } = await place.run('status', ...words);

    expect(stdout).to.match(new RegExp(`${task}  train  gpu .*PENDING`));
  });

  it('shows what the journal knows when Slurm gives no answer, and ends with 69', async () => {
    const task = await submitOne('train');
    await slurm.stopListening();

    const { code, stdout } = await place.run('status', ...words);

    expect(code).to.equal(69);
    expect(stdout).to.match(/^Slurm could not be asked, so jobs are shown as the journal knows them: .+\.$/m);
    expect(stdout).to.match(new RegExp(`${task}  train  gpu +\\d+ +unknown .*Slurm could not be asked about its job`));
    await slurm.listen();
  });

  it('does not know --watch and --json together', async () => {
    const { code, stderr } = await place.run('status', '--watch', '--json', ...words);

    expect(code).to.equal(2);
    expect(stderr).to.include('Give either --watch or --json.');
  });
});
