// `status`: the table and the JSON, with and without a daemon, a journal or Slurm.
import { expect } from 'chai';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock } from '../../src/daemon/journal/lock.ts';
import { openCliWithStandIns, type CliWithStandIns } from './cli-with-stand-ins.ts';

/** The job stays pending, so that `status` shows it. */
const TEMPLATE = '#!/bin/bash\n#SBATCH --hold\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('the status command', () => {
  let cli: CliWithStandIns;

  beforeEach(async () => {
    cli = await openCliWithStandIns();
  });
  afterEach(() => cli[Symbol.asyncDispose]());

  const submitOne = (name: string): Promise<string> => cli.submitOne(TEMPLATE, name);

  it('reports that no daemon runs and no task is active, without creating files', async () => {
    const { code, stdout } = await cli.run('status');

    expect(code).to.equal(0);
    expect(stdout).to.equal(
      `Daemon not running (state directory ${cli.stateDir}). Jobs keep running, but no task is claimed or updated.\nNo active tasks.\n`,
    );
    expect(await readdir(cli.outside)).to.deep.equal(['slurm']);
  });

  it('shows the state and the reason of each task while a daemon runs', async () => {
    const task = await submitOne('train\tthe\x1b[31m model');
    const lock = await acquireLock(cli.stateDir, 'login1', Date.UTC(2026, 0, 2, 3, 4));

    const { code, stdout } = await cli.run('status');
    await lock.release();

    expect(code).to.equal(0);
    const [daemon, head, row] = stdout.split('\n');
    expect(daemon).to.match(
      new RegExp(`^Daemon running: process ${process.pid} on login1, since 2026-01-02 03:04 UTC \\(\\d+ days\\)\\.$`),
    );
    expect(head).to.match(/^TASK +NAME +QUEUE +JOB +STATE +SINCE +NODE +WHY$/);
    expect(row).to.match(
      new RegExp(`^${task}  train the model  gpu    \\d+ +PENDING  20.* UTC  -     it is held \\(JobHeldUser\\)`),
    );
  });

  it('with --check prints one line and exits like a Nagios plugin', async () => {
    const { code, stdout } = await cli.run('status', '--check');
    expect([code, stdout]).to.deep.equal([2, `CRITICAL: no daemon is running with state directory ${cli.stateDir}\n`]);
    expect(await readdir(cli.outside)).to.deep.equal(['slurm']);

    const lock = await acquireLock(cli.stateDir, 'login1', Date.UTC(2026, 0, 2, 3, 4));
    const unreported = await cli.run('status', '--check');
    await lock.release();
    expect(unreported.code).to.equal(3);
    expect(unreported.stdout).to.match(
      /^UNKNOWN: process \d+ has not reported its health; is it an older version\?\n$/,
    );

    const unreadable = await cli.run('status', '--check', '--config-file', '/nowhere/clearml.conf');
    expect(unreadable.code).to.equal(3);
    expect(unreadable.stdout).to.match(/^UNKNOWN: [^\n]*\/nowhere\/clearml\.conf[^\n]*\n$/);
    expect((await cli.run('status', '--check', '--json')).code).to.equal(2);
  });

  it('with --json prints the tasks as JSON', async () => {
    const task = await submitOne('train');

    const { stdout } = await cli.run('status', '--json');

    const { clusters } = JSON.parse(stdout) as { clusters: [{ daemon: unknown; tasks: [Record<string, unknown>] }] };
    expect(clusters[0].daemon).to.equal(null);
    expect(clusters[0].tasks[0]).to.include({ task, name: 'train', queue: 'gpu', state: 'PENDING', nodes: null });
  });

  it('finds the jobs by name if the journal is lost', async () => {
    const task = await submitOne('train');
    await rm(cli.stateDir, { recursive: true });

    const { stdout } = await cli.run('status');

    expect(stdout).to.match(new RegExp(`${task}  train  gpu .*PENDING`));
  });

  it('shows the tasks in the journal and exits with 69 if Slurm does not respond', async () => {
    const task = await submitOne('train');
    await cli.slurm.stopListening();

    const { code, stdout } = await cli.run('status');

    expect(code).to.equal(69);
    expect(stdout).to.match(/^Slurm could not be queried, so job states are from the journal: .+\.$/m);
    expect(stdout).to.match(
      new RegExp(`${task}  train  gpu +\\d+ +unknown .*Slurm did not respond, so the state of the job is unknown`),
    );
    await cli.slurm.listen();
  });

  it('shows a usable cluster, and the errors of two unusable clusters', async () => {
    await chmod(cli.folder, 0o755);
    const [open, sshFolder] = [join(cli.folder, 'open'), join(cli.folder, '.ssh')];
    for (const folder of [open, sshFolder]) await mkdir(folder);
    await chmod(open, 0o777);
    await chmod(await cli.write('.ssh/config', ''), 0o666);
    const conf = await cli.write(
      'several.conf',
      `include "clearml.conf"
       agent.slurm.clusters {
         here { host: localhost }
         far { host: far.invalid }
         loose { host: localhost, slurm_bin_dir: ${open} }
       }`,
    );

    const { code, stdout, stderr } = await cli.run('status', '--config-file', conf);

    expect(code, stderr).to.equal(69);
    const [here = '', far = '', loose = ''] = stdout.split('\n\n');
    expect(here).to.include('Cluster here: daemon not running').and.not.to.include('could not be queried');
    expect(far)
      .to.include('Cluster far: daemon not running')
      .and.include(
        `Slurm could not be queried, so job states are from the journal: ${sshFolder}/config is refused because other users can change it:`,
      )
      .and.match(/ Run chmod go-w on it\.$/m);
    expect(loose)
      .to.include('Cluster loose: daemon not running')
      .and.match(
        /: The directory \S+\/open on this machine .* can be written by everybody .* Run chmod go-w on it, .*[^.]\.$/m,
      );
  });

  it('shows queued tasks with their positions, and ended tasks with the reason', async () => {
    const ended = await submitOne('was run');
    await cli.user.api('tasks.stop', { task: ended });
    const failed = await submitOne('exits with 3');
    await cli.user.api('tasks.failed', {
      task: failed,
      force: true,
      status_reason: 'worker execution exit code 3',
      status_message: 'Changed by clearml-agent node1:0',
    });
    await cli.run('--once', '--queue', 'gpu', '--template-files', 't');
    await cli.run('--once', '--queue', 'gpu', '--template-files', 't');
    const gpu = await cli.user.makeQueue('gpu');
    const waits = [await cli.user.makeTask({ name: 'first' }), await cli.user.makeTask({ name: 'second' })];
    for (const task of waits) await cli.user.enqueue(task, gpu);

    const { stdout } = await cli.run('status');
    expect(stdout).to.include('Waiting in queues: 2\n');
    expect(stdout).to.match(new RegExp(`^2 +${waits[1] ?? ''} +second +gpu +20`, 'm'));
    expect(stdout).to.include('Ended in the last 60 min: 2\n');
    expect(stdout).to.match(new RegExp(`^${ended} +was run +gpu +\\d+ +stopped`, 'm'));

    expect(stdout).to.match(new RegExp(`^${failed} .* failed .*  The task's process exited with code 3\\.$`, 'm'));

    const { stdout: json } = await cli.run('status', '--json', '--since', '0m');
    const [cluster] = (JSON.parse(json) as { clusters: Record<string, unknown>[] }).clusters;
    expect(cluster).to.deep.include({ waitingCount: 2, ended: [] });
  });

  it('shows no old job id for a task that failed before its second submission', async () => {
    const first = await submitOne('asks for nothing');
    await cli.run('cancel', first);
    await cli.run('--once', '--queue', 'gpu', '--template-files', 't');
    await cli.user.api('tasks.reset', { task: first });
    await cli.user.enqueue(first, await cli.user.makeQueue('gpu'));
    await cli.write('t', TEMPLATE.replace('--hold', '--mem=${CLEARML_TASK.hyperparams.properties.memory.value}'));
    await cli.run('--once', '--queue', 'gpu', '--template-files', 't');

    const { stdout } = await cli.run('status');
    expect(stdout).to.match(
      new RegExp(`^${first}  asks for nothing  gpu    -    failed  20.* UTC  The job script`, 'm'),
    );

    const { stdout: json } = await cli.run('status', '--json');
    const [cluster] = (JSON.parse(json) as { clusters: { ended: unknown[] }[] }).clusters;
    expect(cluster?.ended).to.have.length(1);
    expect(cluster?.ended[0]).to.deep.include({ task: first, job: null, status: 'failed' });
  });

  it('rejects --watch together with --json', async () => {
    const { code, stderr } = await cli.run('status', '--watch', '--json');

    expect(code).to.equal(2);
    expect(stderr).to.include('Give either --watch or --json.');
  });
});
