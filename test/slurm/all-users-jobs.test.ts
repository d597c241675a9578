// Two Unix users on one cluster: list() shows each user that user's jobs, listAllUsers() shows both.
import { expect } from 'chai';
import { tmpdir } from 'node:os';
import { requireRoot, requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { createLocalScheduler } from './local-scheduler.ts';

const NOBODY = '65534';

describe('the Slurm client', () => {
  before(requireSlurm);
  // Only root may submit as another user.
  before(requireRoot);

  it("lists another Unix user's job only in the list of all users' jobs (D-11)", async () => {
    const cluster = await sharedCluster();
    const words = ['--parsable', '--hold', `--uid=${NOBODY}`, '--chdir=/', '--output=/dev/null', '--job-name=other'];
    const id = (await cluster.run('sbatch', ...words, '--wrap=true')).trim();
    const scheduler = createLocalScheduler({ folder: tmpdir(), variables: cluster.env });
    try {
      const [ours, allUsersJobs] = [await scheduler.list(), await scheduler.listAllUsers()];

      expect(ours.kind === 'listed' && ours.jobs.map((job) => job.id)).to.not.include(id);
      expect(allUsersJobs.kind === 'listed' && allUsersJobs.jobs.find((job) => job.id === id)).to.include({
        name: 'other',
        state: 'PENDING',
        isOthers: true,
      });
      expect(await scheduler.record(id as JobId)).to.include({ name: 'other', isOthers: true });
    } finally {
      await cluster.run('scancel', id);
    }
  });
});
