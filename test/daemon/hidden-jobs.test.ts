// An admin changes Slurm's settings while a daemon with a user map runs: a job that Slurm hides is not a job that is gone.
import { expect } from 'chai';
import { createUnixUsers } from '../../src/daemon/users/unix-users.ts';
import { FACTS } from '../simulation/simulated-slurm.ts';
import { UNIX_USERS } from '../simulation/unix-users.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createSimulatedScheduler } from './simulated-scheduler.ts';
import { createStepFixture, taskNumber } from './step-fixture.ts';

const MINUTE_MS = 60_000;

describe('a running daemon', () => {
  for (const hasAccounting of [true, false]) {
    it(`keeps all pending jobs after an admin sets PrivateData=jobs on a cluster ${hasAccounting ? 'with' : 'without'} accounting (S-65)`, async () => {
      const [user] = UNIX_USERS;
      const map = { byOwner: new Map(), fallback: { kind: 'run as', user }, problems: [] } as const;
      const fixture = createStepFixture({ unixUsers: createUnixUsers(map) });
      const { clock, cluster } = fixture;
      const behavior = { hasAccounting, hidesJobs: false };
      const scheduler = createSimulatedScheduler(fixture, behavior);
      await scheduler.facts();
      for (const task of [1, 2, 3]) await fixture.enqueued(task);
      const daemon = startDaemon({ ...fixture.deps, scheduler, cluster: { ...FACTS, hasAccounting } });
      await advance(clock, 5 * MINUTE_MS);

      behavior.hidesJobs = true;
      await advance(clock, 60 * MINUTE_MS);
      daemon.stop();

      expect(cluster.jobs.map(({ state }) => state)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
      for (const task of [1, 2, 3]) expect(await fixture.read(taskNumber(task))).to.include({ status: 'queued' });
    });
  }
});
