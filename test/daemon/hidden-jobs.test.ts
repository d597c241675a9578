// An admin changes Slurm's settings while a daemon with a user map runs: a job that Slurm hides is not a job that is gone.
import { expect } from 'chai';
import { createUnixUsers } from '../../src/daemon/users/unix-users.ts';
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import type { PendingCalls } from '../simulation/pending-calls.ts';
import { FACTS } from '../simulation/simulated-slurm.ts';
import { createSlurmCommands, UNIX_USERS } from '../simulation/slurm-commands.ts';
import { silentLog } from '../support/silent-log.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createStepFixture, taskNumber } from './step-fixture.ts';

const MINUTE_MS = 60_000;
const COMMANDS = { sbatch: 'sbatch', squeue: 'squeue', sacct: 'sacct', scancel: 'scancel', scontrol: 'scontrol' };

describe('PrivateData=jobs, set while the daemon runs,', () => {
  for (const hasAccounting of [true, false]) {
    it(`leaves the waiting tasks of mapped users their jobs ${hasAccounting ? 'with' : 'without'} accounting (S-65)`, async () => {
      const [user] = UNIX_USERS;
      const map = { byOwner: new Map(), fallback: { kind: 'run as', user }, problems: [] } as const;
      const fixture = createStepFixture({ unixUsers: createUnixUsers(map) });
      const { clock, cluster } = fixture;
      const calls: PendingCalls = {
        pending: new Set(),
        drop: () => undefined,
        request: async ({ effect }) => effect(),
      };
      const behavior = {
        hasAccounting,
        jobLimit: 100,
        hidesJobs: false,
        failure: () => 'refused' as const,
        submitting: () => undefined,
        rejected: () => undefined,
      };
      let tokens = 0;
      const scheduler = createCommandLineScheduler({
        host: createSlurmCommands({ cluster, calls }, 1, behavior),
        commands: COMMANDS,
        sbatchTimeoutMs: 150_000,
        commandTimeoutMs: 90_000,
        log: silentLog,
        randomToken: () => `mark${(tokens += 1)}`,
        now: () => clock.now(),
      });
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
