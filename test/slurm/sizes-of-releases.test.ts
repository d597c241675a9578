// The nodes and GPUs of real jobs on each release of Slurm, whether accounting counts GPUs or not.
import { expect } from 'chai';
import { SLURM_RELEASES } from '../set-up/slurm-roots.mjs';
import { requireAccounting, requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { openRealCluster } from './open-real-cluster.ts';

const JOBS: readonly (readonly [options: string, size: string])[] = [
  ['--nodes=2 --gres=gpu:2', '2 nodes, 4 GPUs'],
  ['--gpus=3 --nodes=1', '1 nodes, 3 GPUs'],
  ['--hold --nodes=2 --gres=gpu:a100:1', '2 nodes, 2 GPUs'],
  ['--hold --nodes=2-4 --gpus=6', '2 nodes, 6 GPUs'],
  ['--hold --ntasks=4 --nodes=2 --gpus-per-task=1', '2 nodes, 4 GPUs'],
  ['--hold --nodes=3', '3 nodes, 0 GPUs'],
];

for (const { version } of SLURM_RELEASES) {
  describe(`the sizes of jobs on Slurm ${version}`, () => {
    before(requireSlurmVersion(version));

    // Accounting takes 15 seconds to start.
    for (const hasAccounting of version === '22.05' || version === '26.05' ? [false, true] : [false])
      it(`match the requested nodes and GPUs if AccountingStorageTRES ${hasAccounting ? 'contains' : 'does not contain'} gres/gpu`, async function () {
        if (hasAccounting) requireAccounting.call(this);
        await using cluster = await startSlurmCluster({
          version,
          clusterName: 'sizes',
          nodeCount: 3,
          gpusPerNode: 4,
          hasAccounting,
          extraLines: hasAccounting ? ['AccountingStorageTRES=gres/gpu'] : [],
        });
        const opened = openRealCluster(cluster);
        const wanted: Record<string, string> = {};
        for (const [options, size] of JOBS) {
          const args = ['--parsable', '--output=/dev/null', ...options.split(' '), '--wrap=sleep 1000'];
          wanted[(await cluster.run('sbatch', ...args)).trim()] = `${options}: ${size}`;
        }

        const read = await waitUntil('the first job to run', async () => {
          const states = await cluster.run('squeue', '--noheader', '--states=RUNNING', '--format=%A');
          return states.trim() === '' ? undefined : opened.scheduler.sizes();
        });

        const sizes = Object.fromEntries(
          Object.keys(wanted).map((id, at) => {
            const size = read({ id: id as JobId });
            return [id, `${JOBS[at]?.[0]}: ${size?.nodes} nodes, ${size?.gpus} GPUs`];
          }),
        );
        expect(sizes).to.deep.equal(wanted);
        await opened.close();
      });
  });
}
