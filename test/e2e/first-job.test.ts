// A task enqueued in ClearML runs as a Slurm job, end to end: real Slurm, the real agent, the program as users start it.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

describe('an enqueued task', () => {
  before(requireAgent);
  before(requireSlurm);

  it("completes with the template of ClearML's documentation, and prints to the console", async () => {
    await using world = await startWorld();
    const template = await world.write(
      'slurm.example.template',
      await readFile(resolve('test/fixtures/templates/deployment.template'), 'utf8'),
    );
    const queue = await world.user.makeQueue('default');
    const task = await world.user.makeTask({
      code: 'import os\nprint("6 times 7 is", 6 * 7, "with umask %o" % os.umask(0))',
    });
    await world.user.enqueue(task, queue);

    const daemon = world.start('--template-files', template, '--queue', world.nameOf('default'));
    await world.untilStatus(task, 'completed');

    const [job = ''] = await world.jobsOf(task);
    await world.untilConsole(task, `Slurm job ${job} ended COMPLETED`);
    const console = await world.user.console(task);
    // What others may do with the files of the task is as it would be without us; the log of its job is nobody else's.
    const [, umask = ''] = /^Umask:\s*0*(\d+)$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
    expect(console).to.include(`6 times 7 is 42 with umask ${umask}`);
    const taken = `Claimed from queue "${world.nameOf('default')}" by clearml-agent-slurm \\d+\\.\\d+\\.\\d+ \\(${world.nameOf('glue')}:slurm\\)`;
    expect(console).to.match(new RegExp(taken));
    expect(console).to.include(`Submitted as Slurm job ${job} to cluster "loopback"`);
    expect(await stateOf(world, job)).to.equal('COMPLETED 0:0');
    const [, log = ''] = /StdOut=(.*)/.exec(await world.cluster.run('scontrol', 'show', 'job', job)) ?? [];
    expect((await stat(log)).mode & 0o777).to.equal(0o600);
    const { hyperparams } = await world.user.look(task);
    expect(hyperparams['properties']?.['slurm_job_id']?.value).to.equal(job);
    expect(hyperparams['properties']?.['slurm_cluster']?.value).to.equal('loopback');
    await world.stop(daemon);
  });

  it('runs on two nodes with the user property num_nodes=2, even if the template has --ntasks=1', async () => {
    await using world = await startWorld();
    const template = await world.write('page.template', QUICK_TEMPLATE.replace('--ntasks-per-node=1', '--ntasks=1'));
    const queue = await world.user.makeQueue('quick');
    const task = await world.user.makeTask({
      code: `${SYNCHRONIZE_RANKS}print("rank", rank)`,
      properties: { num_nodes: '2' },
    });
    await world.user.enqueue(task, queue);

    const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    await world.untilStatus(task, 'completed');

    const [job = ''] = await world.jobsOf(task);
    expect(await world.cluster.run('squeue', '--noheader', '--states=all', '--jobs', job, '--format=%D')).to.equal(
      '2\n',
    );
    // The first rank decides when the task is completed; the other may still be telling.
    await world.untilConsole(task, 'rank 0');
    await world.untilConsole(task, 'rank 1');
    await world.stop(daemon);
  });

  it('fails if its script exits with 3, and its job has the state FAILED and the exit code 3:0', async () => {
    await using world = await startWorld();
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const queue = await world.user.makeQueue('quick');
    const task = await world.user.makeTask({ code: 'import sys; sys.exit(3)' });
    await world.user.enqueue(task, queue);

    const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    await world.untilStatus(task, 'failed');

    const [job = ''] = await world.jobsOf(task);
    await world.untilConsole(task, `Slurm job ${job} ended FAILED (exit code 3)`);
    expect(await stateOf(world, job)).to.equal('FAILED 3:0');
    await world.stop(daemon);
  });

  it('runs with its git repository and its Python requirements', async () => {
    await using world = await startWorld();
    const repository = await makeRepository(world);
    const template = await world.write('plain.template', QUICK_TEMPLATE.replace(/^export CLEARML_AGENT_SKIP.*\n/m, ''));
    const queue = await world.user.makeQueue('git');
    const task = await world.user.makeTask({
      more: {
        script: {
          binary: 'python3',
          repository,
          branch: 'main',
          entry_point: 'train.py',
          working_dir: '.',
          requirements: { pip: 'six==1.16.0\n' },
        },
      },
    });
    await world.user.enqueue(task, queue);

    const daemon = world.start('--template-files', template, '--queue', world.nameOf('git'));
    await world.untilStatus(task, 'completed');

    expect(await world.user.console(task)).to.include('six is 1.16.0');
    await world.stop(daemon);
  });

  it('is submitted by a daemon with --once, which then exits with 0', async () => {
    await using world = await startWorld();
    const template = await world.write('quick.template', QUICK_TEMPLATE);

    const empty = await world.run(
      '--template-files',
      template,
      '--queue',
      world.nameOf('fresh'),
      '--create-queue',
      '--once',
    );
    expect(empty, empty.stderr).to.include({ code: 0, stdout: '' });

    const task = await world.user.makeTask({});
    await world.user.enqueue(task, await world.user.makeQueue('fresh'));
    const one = await world.run('--template-files', template, '--queue', world.nameOf('fresh'), '--once');
    expect(one, one.stderr).to.include({ code: 0 });
    expect(await world.jobsOf(task)).to.have.length(1);

    await world.untilStatus(task, 'completed');
  });
});

async function makeRepository(world: World): Promise<string> {
  const folder = join(world.folder, 'code');
  await mkdir(folder);
  await writeFile(join(folder, 'train.py'), 'import six\nprint("six is", six.__version__)\n');
  const git = (...words: string[]): Buffer =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], {
      cwd: folder,
      env: { ...world.environment },
    });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'Train');
  return `file://${folder}`;
}

async function stateOf(world: World, job: string): Promise<string> {
  const record = await world.cluster.run('scontrol', '--oneliner', 'show', 'job', job);
  return `${/JobState=(\S+)/.exec(record)?.[1] ?? ''} ${/ExitCode=(\S+)/.exec(record)?.[1] ?? ''}`;
}
