// `doctor --on-node`: what a real job finds on a real node, and what becomes of that job.
import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import { startWorld, type World } from '../e2e/world.ts';
import { requireSlurm } from '../support/requires.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('doctor --on-node', function () {
  this.timeout(120_000);
  before(requireSlurm);

  const probes = async (world: World, states: string): Promise<string[]> => {
    const rows = await world.cluster.run('squeue', '--me', '--states', states, '--noheader', '--format=%A %j');
    return rows.split('\n').filter((row) => row.includes('clearml_doctor_'));
  };

  it('tells what a job finds on a node, and leaves neither a file nor a living job', async () => {
    await using world = await startWorld({ slurm: 'shared_dir: /tmp' });
    const before = (await readdir('/tmp')).filter((name) => name.startsWith('clearml_doctor_'));

    const { code, stdout, stderr } = await world.run('doctor', '--on-node');

    expect(code, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^Slurm, on a node$/m);
    expect(stdout).to.match(/^✔ probe-job +ran on \S+$/m);
    expect(stdout).to.match(/^✔ node-server +http:\/\/127\.0\.0\.1:\d+ answers \(HTTP \d+\)$/m);
    expect(stdout).to.match(/^✔ node-python +Python 3\.\d+\.\d+$/m);
    expect(stdout).to.match(/^✔ node-agent +clearml-agent \d[\d.]*$/m);
    expect(stdout).to.match(/^✔ node-git +git \d[\d.]*$/m);
    expect(stdout).to.match(/^✔ node-shared-folder +\/tmp$/m);
    expect((await readdir('/tmp')).filter((name) => name.startsWith('clearml_doctor_'))).to.deep.equal(before);
    expect(await probes(world, 'pending,running')).to.deep.equal([]);
  });

  it('tells what is missing there', async () => {
    await using world = await startWorld({ slurm: 'python: /nowhere/python', withPython: false });
    const conf = await world.write(
      'other.conf',
      `include "${world.home}/clearml.conf"\napi.api_server: "http://127.0.0.1:9"\n`,
    );

    const { code, stdout } = await world.run('doctor', '--on-node', '--config-file', conf);

    expect(code).to.equal(1);
    expect(stdout).to.match(/^✘ node-server +no way to http:\/\/127\.0\.0\.1:9: .*\n +→ Ask for a route/m);
    expect(stdout).to.match(/^✘ node-python +there is none\n +→ Set agent\.slurm\.python/m);
    expect(stdout).to.match(/^– node-shared-folder +none is set$/m);
  });

  it("tells in Slurm's words why no job was taken", async () => {
    await using world = await startWorld();

    const { code, stdout } = await world.run('doctor', '--on-node', '--partition', 'nowhere');

    expect(code).to.equal(1);
    expect(stdout).to.match(/^✘ probe-job +Slurm took no job: .*[Ii]nvalid partition/m);
  });

  it('cancels the job when it is interrupted while that waits', async () => {
    await using world = await startWorld();
    const program = world.start('doctor', '--on-node', '--partition', 'down');
    await waitUntil('a job to wait', () => probes(world, 'pending').then((rows) => rows.length > 0), {
      withinMs: 60_000,
    });

    program.signal('SIGINT');
    const { code, stdout } = await program.ended;

    expect(code).to.equal(1);
    expect(stdout).to.match(/^✘ probe-job +job \d+ was waited for no longer.*it was cancelled$/m);
    expect(await probes(world, 'pending,running')).to.deep.equal([]);
  });
});
