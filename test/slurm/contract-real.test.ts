// The scheduler contract on real Slurm: the release of this machine.
import { requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { defineSchedulerContract } from './contract.ts';
import { openRealCluster } from './open-real-cluster.ts';

describe('real Slurm:', () => {
  before(requireSlurm);
  defineSchedulerContract('the Slurm client', async () => openRealCluster(await sharedCluster()));
});
