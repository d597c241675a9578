// The scheduler contract on every release of Slurm that the tests know, other than the machine's own.
import { otherSlurmReleases } from '../set-up/slurm-roots.mjs';
import { requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { defineSchedulerContract } from './contract.ts';
import { openRealCluster } from './open-real-cluster.ts';

for (const version of await otherSlurmReleases()) {
  describe(`Slurm ${version}:`, () => {
    let cluster: SlurmCluster;
    before(requireSlurmVersion(version));
    before(async function () {
      cluster = await startSlurmCluster({ version, nodeCount: 2 });
    });
    after(() => cluster.stop());

    defineSchedulerContract('the Slurm client', () => Promise.resolve(openRealCluster(cluster)));
  });
}
