// The scheduler contract on real Slurm with real accounting: sacct knows what squeue has forgotten, and accounts and QOS have a say.
import { expect } from 'chai';
import { formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import type { Job, JobId, JobList, Scheduler, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { requireAccounting } from '../support/requires.ts';
import { ONE_JOB_QOS } from '../support/slurm-accounting.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { defineSchedulerContract, type ClusterUnderTest } from './contract.ts';
import { openRealCluster } from './open-real-cluster.ts';

/** How long squeue may go on showing an ended job, and accounting may take to hear of its end. */
const FORGETTING_MS = 30_000;

describe('real Slurm with accounting', function () {
  this.timeout(120_000);
  let slurm: SlurmCluster;

  before(requireAccounting);
  before(async () => {
    slurm = await startSlurmCluster({ clusterName: 'accounted', hasAccounting: true, nodeCount: 2 });
  });
  after(() => slurm.stop());

  defineSchedulerContract('real Slurm with accounting', () => Promise.resolve(openRealCluster(slurm)));

  describe('with an account and a QOS', () => {
    let cluster: ClusterUnderTest;
    before(() => void (cluster = openRealCluster(slurm)));
    after(() => cluster.close());

    for (const [what, directive, words] of [
      ['an account', '--account=nobodys', 'Invalid account or account/partition combination specified'],
      ['a QOS', '--qos=none', 'Invalid qos specification'],
    ] as const) {
      it(`rejects ${what} that does not exist in Slurm's words`, async () => {
        expect(await submit(cluster.scheduler, newName(), `#SBATCH ${directive}`)).to.deep.equal({
          kind: 'rejected',
          words,
        });
      });
    }

    it('is held back at the submit limit of a QOS, and goes on when a job of it has ended', async () => {
      const directive = `#SBATCH --qos=${ONE_JOB_QOS}`;
      const first = await submitted(cluster.scheduler, newName(), directive, 'sleep 100');
      const second = await submit(cluster.scheduler, newName(), directive);
      await cluster.scheduler.cancel([first]);
      const third = await waitUntil(
        'the limit to be free again',
        async () => {
          const outcome = await submit(cluster.scheduler, newName(), directive);
          return outcome.kind !== 'backpressure' && outcome;
        },
        { withinMs: 20_000 },
      );

      expect(second).to.deep.equal({
        kind: 'backpressure',
        words:
          'QOSMaxSubmitJobPerUserLimit; ' +
          "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
      });
      expect(third.kind).to.equal('accepted');
    });
  });

  describe('of a job that squeue no longer shows', () => {
    let forgetful: SlurmCluster;
    let cluster: ClusterUnderTest;
    let scheduler: Scheduler;

    before(async () => {
      forgetful = await startSlurmCluster({
        clusterName: 'forgetful',
        hasAccounting: true,
        nodeCount: 1,
        minJobAgeMs: 2_000,
      });
      cluster = openRealCluster(forgetful);
      scheduler = cluster.scheduler;
    });
    after(async () => {
      await cluster.close();
      await forgetful.stop();
    });

    it('tells how it ended', async () => {
      const name = newName();
      const before = Date.now() - 1_000;
      const id = await submitted(scheduler, name, 'exit 3');
      const job = await forgotten(id, name);

      expect(job).to.include({ id, name, state: 'FAILED', partition: 'debug' });
      expect(job.nodes).to.equal('n1');
      expect(job.submittedAt).to.be.within(before, Date.now());
      expect(job.endedAt).to.be.within(before, Date.now());
    });

    for (const [what, directive] of [
      ['was held', '#SBATCH --hold'],
      ['had to wait for its time', '#SBATCH --begin=now+1hour'],
      ['waited for its partition', '#SBATCH --partition=down'],
    ] as const) {
      it(`tells that it was cancelled while it ${what}`, async () => {
        const name = newName();
        const id = await submitted(scheduler, name, directive);
        await scheduler.cancel([id]);

        expect(await forgotten(id, name)).to.include({ id, state: 'CANCELLED' });
      });
    }

    it('tells how the last run of a job ended that was put back', async () => {
      const name = newName();
      const id = await submitted(
        scheduler,
        name,
        '#SBATCH --requeue',
        '[ -e second ] && exit 3; touch second; sleep 100',
      );
      await shown(id, 'RUNNING');
      await cluster.run('scontrol', 'requeue', id);
      await shown(id, 'PENDING');
      await cluster.run('scontrol', 'update', `JobId=${id}`, 'StartTime=now');

      expect(await forgotten(id, name)).to.include({ id, state: 'FAILED' });
      const rows = await cluster.run('sacct', '--duplicates', '--allocations', '--noheader', `--jobs=${id}`);
      expect(rows.trim().split('\n')).to.have.length(2);
    });

    it('tells that it was cancelled after it had been put back', async () => {
      const name = newName();
      const id = await submitted(scheduler, name, '#SBATCH --requeue', 'sleep 100');
      await shown(id, 'RUNNING');
      await cluster.run('scontrol', 'requeue', id);
      await shown(id, 'PENDING');
      await scheduler.cancel([id]);

      expect(await forgotten(id, name)).to.include({ id, state: 'CANCELLED' });
    });

    it('says nothing while slurmdbd is away, and finds it afterwards', async () => {
      const name = newName();
      const id = await submitted(scheduler, name, 'true');
      await forgotten(id, name);
      const running = newName();
      await submitted(scheduler, running, 'sleep 100');
      await forgetful.stopAccounting();
      const answers = [await lookUp(name), await lookUp(running)];
      await forgetful.startAccounting();

      expect(answers.map((answer) => answer.kind)).to.deep.equal(['failed', 'listed']);
      expect(await forgotten(id, name)).to.include({ id, state: 'COMPLETED' });
    });

    function lookUp(name: string): Promise<JobList> {
      return scheduler.lookUp([name], Date.now());
    }

    function shown(id: JobId, state: Job['state']): Promise<Job> {
      return waitUntil(
        `job ${id} to be ${state}`,
        async () => (await list(scheduler)).find((job) => job.id === id && job.state === state),
        { withinMs: 20_000 },
      );
    }

    /** What is known of the job once squeue does not show it. */
    function forgotten(id: JobId, name: string): Promise<Job> {
      return waitUntil(
        `job ${id} to be forgotten by squeue and known to accounting`,
        async () => {
          if ((await list(scheduler)).some((job) => job.id === id)) return undefined;
          const found = await lookUp(name);
          return found.kind === 'listed' ? found.jobs.find((job) => job.id === id) : undefined;
        },
        { withinMs: FORGETTING_MS },
      );
    }
  });
});

let names = 0;

function newName(): string {
  names += 1;
  return formatJobName('0123456789abcdef0123456789abcdef', newAttempt(Date.now() + names, 'acct'));
}

function submit(scheduler: Scheduler, jobName: string, ...lines: readonly string[]): Promise<SubmitOutcome> {
  return scheduler.submit({ jobName, script: `#!/bin/bash\n${lines.join('\n')}\ntrue\n` });
}

async function submitted(scheduler: Scheduler, jobName: string, ...lines: readonly string[]): Promise<JobId> {
  const outcome = await submit(scheduler, jobName, ...lines);
  if (outcome.kind !== 'accepted') throw new Error(`${outcome.kind}: ${outcome.words}`);
  return outcome.jobId;
}

async function list(scheduler: Scheduler): Promise<readonly Job[]> {
  const answer = await scheduler.list();
  if (answer.kind === 'failed') throw new Error(answer.words);
  return answer.jobs;
}
