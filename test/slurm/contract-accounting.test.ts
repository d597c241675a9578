// The scheduler contract on real Slurm with real accounting: sacct has the jobs that squeue no longer shows, and accounts and QOS apply.
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import { sacctRecordArgs } from '../../src/slurm/sacct-forgotten-job.ts';
import { sacctJobsArgs } from '../../src/slurm/look-up-sacct-jobs.ts';
import type { Job, JobId, JobList, Scheduler, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import type { SlurmVersion } from '../set-up/slurm-roots.mjs';
import { requireAccounting, requireSlurmVersion } from '../support/skip-unless.ts';
import { ONE_JOB_QOS } from '../support/slurm-accounting.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { defineSchedulerContract, type ClusterUnderTest } from './contract.ts';
import { openRealCluster } from './open-real-cluster.ts';

/** The machine's own Slurm, and the newest that the tests know. */
const SLURMS: readonly { readonly name: string; readonly version: SlurmVersion | undefined }[] = [
  { name: 'real Slurm with accounting', version: undefined },
  { name: 'Slurm 26.05 with accounting', version: '26.05' },
];

for (const { name, version } of SLURMS) {
  describe(`${name}:`, () => {
    let slurm: SlurmCluster;

    before(requireAccounting);
    if (version !== undefined) before(requireSlurmVersion(version));
    before(async () => {
      slurm = await startSlurmCluster({ version, clusterName: 'accounted', hasAccounting: true, nodeCount: 2 });
    });
    after(() => slurm.stop());

    defineSchedulerContract('the Slurm client', () => Promise.resolve(openRealCluster(slurm)));

    describe('the Slurm client (account and QOS)', () => {
      let cluster: ClusterUnderTest;
      before(() => void (cluster = openRealCluster(slurm)));
      after(() => cluster.close());

      for (const [what, directive, message] of [
        ['account', '--account=no-such-account', 'Invalid account or account/partition combination specified'],
        ['QOS', '--qos=none', 'Invalid qos specification'],
      ] as const) {
        it(`returns Slurm's error message for an unknown ${what}`, async () => {
          expect(await submit(cluster.scheduler, newName(), `#SBATCH ${directive}`)).to.deep.equal({
            kind: 'rejected',
            message,
          });
        });
      }

      it('reports backpressure while the QOS allows no further job', async () => {
        const directive = `#SBATCH --qos=${ONE_JOB_QOS}`;
        const firstName = newName();
        const first = await submitted(cluster.scheduler, firstName, directive, 'sleep 1000');
        const second = await submit(cluster.scheduler, newName(), directive);
        await cluster.scheduler.cancel([{ id: first, name: firstName }]);
        const third = await waitUntil('the limit to be free again', async () => {
          const outcome = await submit(cluster.scheduler, newName(), directive);
          return outcome.kind !== 'backpressure' && outcome;
        });

        expect(second).to.deep.equal({
          kind: 'backpressure',
          message:
            'QOSMaxSubmitJobPerUserLimit; ' +
            "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
        });
        expect(third.kind).to.equal('accepted');
      });
    });

    describe('the Slurm client (ended jobs in accounting)', () => {
      let forgetful: SlurmCluster;
      let cluster: ClusterUnderTest;
      let scheduler: Scheduler;
      let startedAt: number;

      before(async () => {
        startedAt = Date.now() - 1_000;
        forgetful = await startSlurmCluster({
          version,
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

      // Slurm forgets some ten seconds after a job's end: they all end before any of them is looked up.
      const failed = newName();
      const held = newName();
      const early = newName();
      const down = newName();
      const requeued = newName();
      const ranTwice = newName();

      before(async () => {
        await submitted(scheduler, failed, 'exit 3');
        for (const [name, directive] of [
          [held, '#SBATCH --hold'],
          [early, '#SBATCH --begin=now+1hour'],
          [down, '#SBATCH --partition=down'],
        ] as const) {
          await scheduler.cancel([{ id: await submitted(scheduler, name, directive), name }]);
        }
        await scheduler.cancel([{ id: await requeueOnce(requeued, 'sleep 1000'), name: requeued }]);
        const hasBegun = (): boolean => existsSync(join(cluster.folder, 'second'));
        const twice = await requeueOnce(ranTwice, '[ -e second ] && exit 3; touch second; sleep 1000', hasBegun);
        // Not at once: a node does not start a job in the second in which it has ended it.
        await cluster.run('scontrol', 'update', `JobId=${twice}`, 'StartTime=now+2');
        await waitUntil('squeue to show none of them', async () => (await list(scheduler)).length === 0);
      });

      it('reports the state FAILED and the exit code 3 of a failed job', async () => {
        const job = await remembered(failed);

        expect(job).to.include({ name: failed, state: 'FAILED', partition: 'debug', nodes: 'n1' });
        expect(job.submittedAt).to.be.within(startedAt, Date.now());
        expect(job.endedAt).to.be.within(startedAt, Date.now());
        expect(await scheduler.record(job.id)).to.include({
          name: failed,
          stateWord: 'FAILED',
          exitCode: 3,
          exitSignal: undefined,
          nodes: 'n1',
          restarts: 0,
        });
      });

      for (const [what, name] of [
        ['while held', held],
        ['before its begin time', early],
        ['while its partition was down', down],
        ['while pending after a requeue', requeued],
      ] as const) {
        it(`reports the state CANCELLED for a job that was cancelled ${what}`, async () => {
          expect(await remembered(name)).to.include({
            state: 'CANCELLED',
            stateWord: `CANCELLED by ${userInfo().uid}`,
          });
        });
      }

      it('reports the user who cancelled a job', async () => {
        const { username, uid } = userInfo();
        const { id } = await remembered(held);

        const details = await scheduler.endDetails([{ id, name: held }]);

        expect(details.get(id)).to.include({ cancelledBy: `${username} (uid ${uid})` });
      });

      it('reports only the last run of a requeued job (S-23)', async () => {
        const { id, state } = await remembered(ranTwice);

        expect(state).to.equal('FAILED');
        expect(await scheduler.record(id)).to.include({ stateWord: 'FAILED', exitCode: 3, restarts: 1 });
      });

      // In the tests' cluster, Slurm 26.05 never learns of an account of that user.
      const itOnOwnSlurm = version === undefined ? it : (): void => undefined;
      itOnOwnSlurm("omits another Unix user's job with the same name or id", async () => {
        const theirs = newName();
        const options = ['--parsable', '--hold', '--uid=65534', '--account=lab', '--chdir=/', '--output=/dev/null'];
        await cluster.run('sacctmgr', '--immediate', 'add', 'user', 'nobody', 'account=lab');
        const id = await waitUntil('the controller to know the account of that user', () =>
          cluster.run('sbatch', ...options, `--job-name=${theirs}`, '--wrap=true').then(
            (said) => said.trim() as JobId,
            () => undefined,
          ),
        );
        await cluster.run('scancel', id);
        const isShownTo = async (user: number): Promise<boolean[]> => {
          const byName = await cluster.run('sacct', ...sacctJobsArgs([theirs], Date.now(), user));
          const byNumber = await cluster.run('sacct', ...sacctRecordArgs(id, user));
          return [byName, byNumber].map((answer) => answer.includes(theirs));
        };
        await waitUntil('accounting to show it to that user', async () => !(await isShownTo(65534)).includes(false));

        expect(await isShownTo(userInfo().uid)).to.deep.equal([false, false]);
        expect(await lookUp(theirs)).to.deep.equal({ kind: 'listed', jobs: [] });
      });

      it('looks up several job names in one call', async () => {
        const answer = await scheduler.lookUp([failed, held, 'unheard of', ranTwice], Date.now());

        expect(answer.kind === 'listed' && answer.jobs.map((job) => job.name)).to.have.members([
          failed,
          held,
          ranTwice,
        ]);
      });

      it('fails to look up an ended job while slurmdbd is down (S-21)', async () => {
        const running = newName();
        const id = await submitted(scheduler, running, 'sleep 1000');
        await forgetful.stopAccounting();
        const answers = [await lookUp(failed), await lookUp(running)];
        await forgetful.startAccounting();
        await scheduler.cancel([{ id, name: running }]);

        expect(answers.map((answer) => answer.kind)).to.deep.equal(['failed', 'listed']);
        expect(await lookUp(failed)).to.have.property('kind', 'listed');
      });

      it('returns no record for an unknown job id', async () => {
        expect(await scheduler.record('999999' as JobId)).to.equal(undefined);
      });

      /** A job is shown as running before its script has begun. */
      async function requeueOnce(name: string, command: string, hasBegun = (): boolean => true): Promise<JobId> {
        const id = await submitted(scheduler, name, '#SBATCH --requeue', command);
        await shown(id, 'RUNNING');
        await waitUntil('the script to begin', hasBegun);
        await cluster.run('scontrol', 'requeue', id);
        await shown(id, 'PENDING');
        return id;
      }

      function shown(id: JobId, state: Job['state']): Promise<Job> {
        let latest: Job | undefined;
        const look = async (): Promise<Job | false> => {
          const answer = await scheduler.list();
          if (answer.kind === 'failed') return false;
          latest = answer.jobs.find((job) => job.id === id);
          return latest?.state === state && latest;
        };
        return waitUntil(`job ${id} to be ${state}`, look, { evidence: () => JSON.stringify(latest) });
      }

      function lookUp(name: string): Promise<JobList> {
        return scheduler.lookUp([name], Date.now());
      }

      async function remembered(name: string): Promise<Job> {
        // The controller may send a record to slurmdbd after squeue has forgotten the job.
        const jobs = await waitUntil(`accounting to have job ${name}`, async () => {
          const answer = await lookUp(name);
          return answer.kind === 'listed' && answer.jobs.length > 0 && answer.jobs;
        });
        expect(jobs).to.have.length(1);
        return jobs[0] ?? expect.fail('just counted');
      }
    });
  });
}

/** The name of a first attempt at a task that nobody else has. */
function newName(): string {
  return formatJobName(randomUUID().replaceAll('-', ''), newAttempt(Date.now(), 'tests', 'acct'));
}

function submit(scheduler: Scheduler, jobName: string, ...lines: readonly string[]): Promise<SubmitOutcome> {
  return scheduler.submit({ jobName, script: `#!/bin/bash\n${lines.join('\n')}\ntrue\n` });
}

async function submitted(scheduler: Scheduler, jobName: string, ...lines: readonly string[]): Promise<JobId> {
  const outcome = await submit(scheduler, jobName, ...lines);
  if (outcome.kind !== 'accepted') throw new Error(`${outcome.kind}: ${outcome.message}`);
  return outcome.jobId;
}

async function list(scheduler: Scheduler): Promise<readonly Job[]> {
  const answer = await scheduler.list();
  if (answer.kind === 'failed') throw new Error(answer.message);
  return answer.jobs;
}
