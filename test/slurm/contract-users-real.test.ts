// The contract about the jobs of several Unix users on real Slurm.
import { requireRoot, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { addUser, removeUser, type TestUser } from '../support/users-with-sudo.ts';
import { defineUsersContract, type UnixUserUnderTest } from './contract-users.ts';

describe('real Slurm', () => {
  before(requireSlurm);
  before(requireRoot);

  defineUsersContract('with several Unix users', async () => {
    const cluster = await startSlurmCluster({ nodeCount: 1 });
    const [alice, bob] = [await addUser(cluster.env), await addUser(cluster.env)];
    return {
      alice: underTest(alice),
      bob: underTest(bob),
      hideJobs: (isHidden) => cluster.change({ extraLines: isHidden ? ['PrivateData=jobs'] : [] }),
      async close() {
        await cluster.stop();
        for (const user of [alice, bob]) await removeUser(user);
      },
    };
  });
});

function underTest(user: TestUser): UnixUserUnderTest {
  return {
    name: user.name,
    uid: user.uid,
    async run(program, ...args) {
      const { code, output } = await user.run(program, ...args);
      return { code, output: output.trimEnd() };
    },
  };
}
