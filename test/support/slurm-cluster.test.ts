// Checks the private cluster of the tests: that it is real, and that its fault injectors work.
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SLURM_RELEASES } from '../set-up/slurm-roots.mjs';
import { requireSlurm, requireSlurmVersion } from './skip-unless.ts';
import { sharedCluster } from './shared-cluster.ts';
import { startSlurmCluster } from './slurm-cluster.ts';
import { waitUntil } from './wait-until.ts';

const HELD_SCRIPT = ['--hold', '--output=/dev/null', '--wrap=true'];

describe('the private Slurm cluster of the tests', () => {
  before(requireSlurm);

  it('runs one job on three nodes', async () => {
    const { run } = await sharedCluster();

    const nodes = await run('srun', '--nodes=3', '--ntasks-per-node=1', 'printenv', 'SLURMD_NODENAME');

    expect(new Set(nodes.trim().split('\n')).size).to.equal(3);
  });

  it('runs eight jobs at once', async () => {
    const { run } = await sharedCluster();
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => run('sbatch', '--parsable', '--output=/dev/null', '--wrap=sleep 1000')),
    );
    const jobs = ids.map((id) => id.trim()).join(',');

    const states = await waitUntil('eight jobs to run at once', async () => {
      const lines = (await run('squeue', '--noheader', `--jobs=${jobs}`, '--format=%T')).trim().split('\n');
      return lines.every((state) => state === 'RUNNING') && lines;
    });
    await run('scancel', ...jobs.split(','));

    expect(states).to.have.length(8);
  });

  it('keeps a job running while slurmd of the node restarts', async () => {
    await using cluster = await startSlurmCluster({ clusterName: 'renewed', nodeCount: 1 });
    await cluster.run('sbatch', '--output=/dev/null', '--wrap=exec sleep 1000');
    const states = (): Promise<string> => cluster.run('squeue', '--noheader', '--states=all', '--format=%T');
    await waitUntil('the job to run', async () => (await states()) === 'RUNNING\n');

    await cluster.restartNode('n1');

    expect(await states()).to.equal('RUNNING\n');
  });

  it('applies a changed MinJobAge without a restart', async () => {
    await using cluster = await startSlurmCluster({ clusterName: 'narrow', nodeCount: 1 });

    await cluster.change({ minJobAgeMs: 3_000 });

    expect(await cluster.run('scontrol', 'show', 'config')).to.match(/MinJobAge\s+= 3 sec/);
  });
});

for (const version of SLURM_RELEASES.map((release) => release.version)) {
  describe(`the private Slurm ${version} cluster of the tests`, () => {
    before(requireSlurmVersion(version));

    it('keeps a pending job across a restart of the controller', async () => {
      await using cluster = await startSlurmCluster({ version, clusterName: 'restarted', nodeCount: 1 });
      const id = (await cluster.run('sbatch', '--parsable', ...HELD_SCRIPT)).trim();

      await cluster.stopController();
      await cluster.startController();

      expect(await cluster.run('squeue', '--noheader', '--format=%i')).to.equal(`${id}\n`);
    });

    it('sets the job state NODE_FAIL only after scontrol sets the node state DOWN', async () => {
      await using cluster = await startSlurmCluster({ version, clusterName: 'powerless', nodeCount: 1 });
      const states = (): Promise<string> => cluster.run('squeue', '--noheader', '--states=all', '--format=%T');
      const pidFile = join(dirname(cluster.slurmConf), 'pid');
      // Without exec: during one, the environment of a process, by which killNode finds it, reads as empty.
      await cluster.run('sbatch', '--no-requeue', '--output=/dev/null', `--wrap=echo $$ >${pidFile}; sleep 600`);
      // The file is there before anything is in it.
      const readPid = (): string => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '');
      await waitUntil('the job to run', () => readPid() !== '');
      const pid = readPid();

      await cluster.killNode('n1');
      await waitUntil('its process to be gone', () => !existsSync(`/proc/${pid}`));
      const reported = await states();
      await cluster.run('scontrol', 'update', 'NodeName=n1', 'State=DOWN', 'Reason=power');
      const given = await states();
      await cluster.startNode('n1');

      expect(reported, 'nobody is left to report it').to.equal('RUNNING\n');
      expect(given).to.equal('NODE_FAIL\n');
    });
  });
}
