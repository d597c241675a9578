// A SLUID does not identify a job: real Slurm changes it at a requeue.
import { expect } from 'chai';
import { requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('the SLUID of Slurm 26.05', () => {
  before(requireSlurmVersion('26.05'));

  it('changes at a requeue, while job id and job name stay the same', async () => {
    await using cluster = await startSlurmCluster({ version: '26.05', clusterName: 'sluid', nodeCount: 1 });
    const show = async (): Promise<string[]> =>
      (await cluster.run('squeue', '--noheader', '--states=all', '--format=%A %j %T %s')).trim().split(' ');
    const until = (state: string): Promise<string[]> =>
      waitUntil(`the job to be ${state}`, async () => ((await show())[2] === state ? show() : undefined));

    await cluster.run('sbatch', '--job-name=mine', '--output=/dev/null', '--wrap=sleep 1000');
    const [id, name, , first] = await until('RUNNING');
    await cluster.run('scontrol', 'requeue', id ?? '');
    const [sameId, sameName, , second] = await until('PENDING');

    expect([sameId, sameName]).to.deep.equal([id, name]);
    expect(first).to.match(/^s[0-9A-Z]{13}$/);
    expect(second).to.match(/^s[0-9A-Z]{13}$/);
    expect(second).not.to.equal(first);
  });
});
