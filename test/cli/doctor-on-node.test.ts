// `doctor --on-node`: what a real job finds on a real node, and that the job and its files are removed.
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DoctorProblem } from '../doctor/seed-problem.ts';
import { NODE_PROBLEMS } from '../doctor/cluster-problems.ts';
import { startWorld, type World } from '../e2e/world.ts';
import { requireSlurm, requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { readReport } from './doctor-report.ts';

describe('doctor --on-node', () => {
  before(requireSlurm);

  const probes = async (world: World, states: string): Promise<string[]> => {
    const rows = await world.cluster.run('squeue', '--me', '--states', states, '--noheader', '--format=%A %j');
    return rows.split('\n').filter((row) => row.includes('clearml_doctor_'));
  };

  it('reports the results of the probe job on a node, and leaves no file', async () => {
    const shared = await mkdtemp('/tmp/shared-');
    await using world = await startWorld({ slurm: `shared_dir: ${shared}` });

    const { code, stdout, stderr } = await world.run('doctor', '--on-node');
    const left = await readdir(shared);
    await rm(shared, { recursive: true });

    expect(code, stdout + stderr).to.equal(0);
    expect(stdout).to.match(/^Slurm, on a node$/m);
    expect(stdout).to.match(/^✔ probe-job +ran on \S+$/m);
    expect(stdout).to.match(/^✔ node-server +http:\/\/127\.0\.0\.1:\d+ responds \(HTTP \d+\)$/m);
    expect(stdout).to.match(/^✔ node-python +Python 3\.\d+\.\d+$/m);
    expect(stdout).to.match(/^✔ node-agent +clearml-agent \d[\d.]*$/m);
    expect(stdout).to.match(/^✔ node-git +git \d[\d.]*$/m);
    expect(stdout).to.match(/^✔ node-shared-folder +\/tmp\/shared-\w+$/m);
    expect(left).to.deep.equal([]);
    expect(await probes(world, 'pending,running')).to.deep.equal([]);
  });

  it('writes no file into a shared directory that other users can write to', async () => {
    const shared = await mkdtemp('/tmp/shared-');
    await chmod(shared, 0o777);
    await using world = await startWorld({ slurm: `shared_dir: ${shared}` });
    const before = await stat(shared, { bigint: true });

    const report = readReport(await world.run('doctor', '--json', '--on-node'));
    const after = await stat(shared, { bigint: true });
    await rm(shared, { recursive: true });

    expect(report.row('shared-folder')).to.include({ result: 'failed' });
    expect(report.row('probe-job')).to.include({ result: 'ok' });
    expect(after.mtimeNs).to.equal(before.mtimeNs);
  });

  it('reports the results of the probe job even if the shared directory does not exist', async () => {
    const shared = join(tmpdir(), `no-such-directory-${randomUUID()}`);
    await using world = await startWorld({ slurm: `shared_dir: ${shared}` });

    const report = readReport(await world.run('doctor', '--json', '--on-node'));

    expect(report.failed.map(({ id, says }) => `${id}: ${says}`)).to.deep.equal([
      `shared-folder: ${shared} is missing`,
      `node-shared-folder: ${shared} is not writable on the node`,
    ]);
  });

  it('reports an unreachable server, a missing Python and an exceeded quota on the node', async () => {
    await using world = await startWorld({ python: '/nowhere/python' });
    const bin = join(world.folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'quota'), '#!/bin/sh\necho Over block limit on /home\n', { mode: 0o755 });
    const conf = await world.write(
      'other.conf',
      `include "${world.home}/clearml.conf"\napi.api_server: "http://127.0.0.1:9"\nagent.slurm.slurm_bin_dir: "${bin}"\n`,
    );

    const report = readReport(await world.run('doctor', '--json', '--on-node', '--config-file', conf));

    const { noServer, noPython, overQuota } = NODE_PROBLEMS;
    const server: DoctorProblem = { check: 'server', what: 'the same from here', says: /127\.0\.0\.1:9/ };
    // Without a Python there is none to install the agent into.
    const agent: DoctorProblem = { ...NODE_PROBLEMS.noAgent, what: 'the same for the agent' };
    expect(report.mismatch(server, noServer, noPython, agent, overQuota)).to.equal(undefined);
    expect(report.row('node-shared-folder')).to.include({ result: 'skipped', says: 'not set' });
  });

  it('reports the error of sbatch only once if Slurm rejects the probe job', async () => {
    await using world = await startWorld();

    const report = readReport(await world.run('doctor', '--json', '--on-node', '--partition', 'nowhere'));

    expect(report.mismatch(NODE_PROBLEMS.noPartition)).to.equal(undefined);
    expect(report.code).to.equal(1);
  });

  it('cancels the pending probe job after SIGINT', async () => {
    await using world = await startWorld();
    const program = world.start('doctor', '--json', '--on-node', '--partition', 'down');
    await waitUntil('a job to wait', () => probes(world, 'pending').then((rows) => rows.length > 0));

    program.signal('SIGINT');
    const report = readReport(await program.ended);

    expect(report.mismatch(NODE_PROBLEMS.waitsForEver)).to.equal(undefined);
    expect(await probes(world, 'pending,running')).to.deep.equal([]);
  });

  describe('(bare node, Slurm 20.11)', () => {
    before(requireSlurmVersion('20.11'));

    it('reports missing programs and a missing shared directory', async () => {
      await using cluster = await startSlurmCluster({ version: '20.11', nodeCount: 1 });
      // Of this machine's folders the nodes see /tmp only.
      const seen = await mkdtemp('/tmp/shared-');
      await using world = await startWorld({ cluster, slurm: `shared_dir: ${seen}`, python: false });
      const unseen = await mkdtemp('/var/tmp/unseen-');
      const conf = await world.write(
        'other.conf',
        `include "${world.home}/clearml.conf"\nagent.slurm.shared_dir: "${unseen}"\n`,
      );
      const args = ['doctor', '--json', '--on-node'];
      try {
        const bare = readReport(await world.run(...args, '--singularity-mode'));
        const blind = readReport(await world.run(...args, '--config-file', conf));

        const { noAgent, noGit, noContainers, unseenFolder } = NODE_PROBLEMS;
        expect(bare.mismatch(noAgent, noGit, noContainers)).to.equal(undefined);
        expect(blind.mismatch(unseenFolder)).to.equal(undefined);
      } finally {
        await Promise.all([seen, unseen].map((folder) => rm(folder, { recursive: true })));
      }
    });
  });
});
