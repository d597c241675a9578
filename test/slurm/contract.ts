// The contract of a scheduler, which each implementation must pass.
import { logUmask } from '../../src/slurm/log-umask.ts';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import type { Job, JobId, JobKey, Scheduler } from '../../src/slurm/scheduler.ts';
import { waitUntil } from '../support/wait-until.ts';

export interface ClusterUnderTest {
  readonly scheduler: Scheduler;
  /** Where the scheduler's commands start, readable by this process. */
  readonly folder: string;
  /** What one of Slurm's own commands prints; rejects when it fails. */
  run(program: string, ...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/**
 * Defines the suite.
 * @param open a cluster of at least two nodes, with a partition that takes jobs at once (the default) and one called `down`
 */
export function defineSchedulerContract(title: string, open: () => Promise<ClusterUnderTest>): void {
  describe(title, () => {
    let cluster: ClusterUnderTest;
    let scheduler: Scheduler;
    let jobNumber = 0;
    let submitted: JobKey[] = [];

    before(async () => {
      cluster = await open();
      scheduler = cluster.scheduler;
    });

    after(async () => {
      await cluster.close();
    });

    afterEach(async () => {
      await scheduler.cancel(submitted);
      submitted = [];
    });

    function newName(): string {
      jobNumber += 1;
      return formatJobName('0123456789abcdef0123456789abcdef', newAttempt(Date.now() + jobNumber, 'tests', 'test'));
    }

    function script(...lines: readonly string[]): string {
      return `#!/bin/bash\n${lines.join('\n')}\n`;
    }

    async function submit(text: string, jobName = newName()): Promise<{ id: JobId; name: string }> {
      const outcome = await scheduler.submit({ jobName, script: text });
      if (outcome.kind !== 'accepted') throw new Error(`${outcome.kind}: ${outcome.message}`);
      const job = { id: outcome.jobId, name: jobName };
      submitted.push(job);
      return job;
    }

    async function list(): Promise<readonly Job[]> {
      const answer = await scheduler.list();
      if (answer.kind === 'failed') throw new Error(answer.message);
      return answer.jobs;
    }

    async function lookUp(...names: readonly string[]): Promise<readonly Job[]> {
      const answer = await scheduler.lookUp(names, Date.now() - 3_600_000);
      if (answer.kind === 'failed') throw new Error(answer.message);
      return answer.jobs;
    }

    function until(id: JobId, what: string, holds: (job: Job) => boolean): Promise<Job> {
      let latest: Job | undefined;
      const look = async (): Promise<Job | false> => {
        const answer = await scheduler.list();
        if (answer.kind === 'failed') return false;
        latest = answer.jobs.find((job) => job.id === id);
        return latest !== undefined && holds(latest) && latest;
      };
      const stalled = (): Promise<string | undefined> =>
        Promise.resolve(latest === undefined || isLive(latest.state) ? undefined : `the job is ${latest.state}`);
      return waitUntil(`job ${id} ${what}`, look, { stalled, evidence: () => JSON.stringify(latest) });
    }

    function untilState(id: JobId, state: Job['state']): Promise<Job> {
      return until(id, `to be ${state}`, (job) => job.state === state);
    }

    it('returns the name, the Slurm version, MinJobAge and MessageTimeout of the cluster', async () => {
      const facts = await scheduler.facts();

      expect(facts.clusterName).not.to.equal('');
      expect(facts.version).to.match(/^\d+\.\d+\./);
      expect(facts.minJobAgeMs).to.be.greaterThan(0);
      expect(facts.messageTimeoutMs).to.be.greaterThan(0);
    });

    it('lists a job as RUNNING and later as COMPLETED', async () => {
      const before = Math.floor(Date.now() / 1000) * 1000;
      const { id, name } = await submit(script('while [ ! -e continue ]; do sleep 0.1; done; rm continue'));
      const running = await untilState(id, 'RUNNING');

      expect(running.name).to.equal(name);
      expect(running.nodes).not.to.equal(undefined);
      expect(running.submittedAt).to.be.within(before, Date.now());
      expect(running.startAt).to.be.within(before, Date.now());
      expect(running.endedAt).to.equal(undefined);
      await cluster.run('touch', 'continue');
      const ended = await untilState(id, 'COMPLETED');
      expect(ended.name).to.equal(name);
      expect(ended.endedAt).to.be.within(before, Date.now());
    });

    it('submits a job with the given name even if the script has another #SBATCH --job-name (S-10)', async () => {
      const { id, name } = await submit(script('#SBATCH --job-name=theirs', 'echo "$SLURM_JOB_NAME"'));
      await untilState(id, 'COMPLETED');

      expect(await logOf(id)).to.equal(`${name}\n`);
    });

    it("starts a job in the directory where sbatch runs, and returns the path of the job's log", async () => {
      const { id, name } = await submit(script('#SBATCH --output=%x-%j.log', 'pwd'));
      await untilState(id, 'COMPLETED');
      const record = await scheduler.record(id);

      expect(record).to.include({ name, stateWord: 'COMPLETED', exitCode: 0, exitSignal: undefined });
      expect(record?.outputPath).to.equal(`${cluster.folder}/${name}-${id}.log`);
      expect(await logOf(id)).to.equal(`${cluster.folder}\n`);
    });

    it('submits a script of 300 kB with every byte unchanged (S-07)', async () => {
      const text = 'ünïcödé $HOME `id` "quotes" \'more\' \\ and # signs';
      const { id } = await submit(script("cat <<'END'", text, 'END', `# ${'x'.repeat(300_000)}`, 'echo last'));
      await untilState(id, 'COMPLETED');

      expect(await logOf(id)).to.equal(`${text}\nlast\n`);
    });

    it('starts a job with SLURM_JOB_ID, but without the environment variables of sbatch (S-10)', async () => {
      const { id } = await submit(script('env'));
      await untilState(id, 'COMPLETED');
      const log = await logOf(id);

      expect(log).to.include(`SLURM_JOB_ID=${id}\n`);
      expect(log).not.to.include('SLURM_TIME_FORMAT');
    });

    it("submits a job whose log only the job's Unix user can read", async () => {
      const { umask = '' } = await scheduler.facts();
      const { id } = await submit(script('umask'));
      await untilState(id, 'COMPLETED');
      const { outputPath = '' } = (await scheduler.record(id)) ?? {};

      expect(umask).to.match(/^0[0-7]{3}$/);
      expect(await logOf(id)).to.equal(`${logUmask(umask)}\n`);
      expect(await cluster.run('stat', '-c', '%a', outputPath)).to.equal('600\n');
    });

    it('reports the exit code of a failed job', async () => {
      const { id } = await submit(script('exit 3'));

      expect((await untilState(id, 'FAILED')).reason).to.equal('NonZeroExitCode');
      expect(await scheduler.record(id)).to.include({ stateWord: 'FAILED', exitCode: 3, exitSignal: undefined });
    });

    it('reports the signal that ended a job', async () => {
      const { id } = await submit(script('kill -KILL $$'));
      await untilState(id, 'FAILED');

      expect(await scheduler.record(id)).to.include({ exitCode: 0, exitSignal: 9 });
    });

    it('submits a two-node job whose srun step runs on both nodes', async () => {
      const { id } = await submit(
        script('#SBATCH --nodes=2', 'srun bash -c \'echo "$SLURM_PROCID of $SLURM_NTASKS"\''),
      );
      const job = await untilState(id, 'COMPLETED');

      expect(job.nodes).to.match(/\[|,/);
      expect((await logOf(id)).trim().split('\n').sort()).to.deep.equal(['0 of 2', '1 of 2']);
    });

    it('reports the reasons JobHeldUser and PartitionDown of pending jobs', async () => {
      const held = await submit(script('#SBATCH --hold', 'true'));
      const down = await submit(script('#SBATCH --partition=down', 'true'));

      expect(await until(held.id, 'to be held', (job) => job.reason === 'JobHeldUser')).to.include({
        state: 'PENDING',
        nodes: undefined,
      });
      expect(await until(down.id, 'to find its partition down', (job) => job.reason === 'PartitionDown')).to.include({
        state: 'PENDING',
        partition: 'down',
      });
    });

    it('cancels a pending job, and ends a running job with SIGTERM', async () => {
      const waiting = await submit(script('#SBATCH --hold', 'true'));
      // Not `wait`: a SIGTERM just before it is forgotten by bash until a child ends.
      const running = await submit(script('trap "echo told; exit 0" TERM', 'echo up', 'while :; do sleep 0.1; done'));
      await untilState(running.id, 'RUNNING');
      // The log is made a moment after the job shows as running.
      const hasBegun = (): Promise<boolean> =>
        logOf(running.id).then(
          (log) => log === 'up\n',
          () => false,
        );
      await waitUntil('the script to have set its trap', hasBegun);
      await scheduler.cancel([waiting, running]);

      await untilState(waiting.id, 'CANCELLED');
      await untilState(running.id, 'CANCELLED');
      // Slurm shows it as cancelled as soon as its processes are being told.
      let log = '';
      const wasTold = async (): Promise<boolean> => /^told$/m.test((log = await logOf(running.id)));
      await waitUntil('the script to be told', wasTold, { evidence: () => log });
    });

    it('cancels a live job in a list with ended and unknown jobs (S-38)', async () => {
      const ended = await submit(script('true'));
      const alive = await submit(script('#SBATCH --hold', 'true'));
      await untilState(ended.id, 'COMPLETED');
      await scheduler.cancel([ended, { id: '999999' as JobId, name: newName() }, alive]);

      await untilState(alive.id, 'CANCELLED');
      expect((await list()).find((job) => job.id === ended.id)?.state).to.equal('COMPLETED');
    });

    it('does not cancel a job with the given id but another name (S-44)', async () => {
      const [other, later] = [
        await submit(script('#SBATCH --hold', 'true')),
        await submit(script('#SBATCH --hold', 'true')),
      ];
      await scheduler.cancel([{ id: other.id, name: newName() }, later]);

      await untilState(later.id, 'CANCELLED');
      expect((await list()).find((job) => job.id === other.id)?.state).to.equal('PENDING');
    });

    it('finds running and ended jobs by exact job name', async () => {
      const name = newName();
      const ended = await submit(script('true'), name);
      const alive = await submit(script('sleep 1000'), name);
      await submit(script('#SBATCH --hold', 'true'), `${name}x`);
      await untilState(ended.id, 'COMPLETED');

      const found = await lookUp(name);
      expect(found.map((job) => job.id).sort()).to.deep.equal([ended.id, alive.id].sort());
      expect(await lookUp(name.slice(0, -1))).to.deep.equal([]);
    });

    it('reports the nodes and GPUs of pending and running jobs, but not of ended jobs', async () => {
      const ended = await submit(script('true'));
      const pending = await submit(script('#SBATCH --hold', '#SBATCH --nodes=2', 'true'));
      const running = await submit(script('sleep 1000'));
      await untilState(ended.id, 'COMPLETED');
      await untilState(running.id, 'RUNNING');

      const sizeOf = await scheduler.sizes();

      expect(sizeOf(pending)).to.deep.equal({ nodes: 2, gpus: 0 });
      expect(sizeOf(running)).to.deep.equal({ nodes: 1, gpus: 0 });
      expect(sizeOf(ended)).to.equal(undefined);
    });

    it('returns no record for an unknown job id (S-19)', async () => {
      expect(await scheduler.record('999999' as JobId)).to.equal(undefined);
    });

    it('returns a job name with row separators unchanged', async () => {
      const { id, name } = await submit(script('#SBATCH --hold', 'true'));
      const hostile = `x\x1e1\x1f1\x1fRUNNING\x1f${name}\x1d\n${id} ${name}|COMPLETED`;
      const other = await submit(script('#SBATCH --hold', 'true'), hostile);

      expect((await lookUp(name)).map((job) => job.id)).to.deep.equal([id]);
      expect((await list()).find((job) => job.id === other.id)?.name).to.equal(hostile);
    });

    it('lists a requeued job as PENDING under the same id', async () => {
      const { id, name } = await submit(script('#SBATCH --requeue', 'sleep 1000'));
      await untilState(id, 'RUNNING');
      await cluster.run('scontrol', 'requeue', id);

      expect(await untilState(id, 'PENDING')).to.include({ name, endedAt: undefined });
    });

    it('returns 12 different job ids for 12 concurrent submissions', async () => {
      const names = Array.from({ length: 12 }, newName);
      const jobs = await Promise.all(names.map((name) => submit(script('#SBATCH --hold', 'true'), name)));

      expect(new Set(jobs.map((job) => job.id)).size).to.equal(12);
      const shown = (await list()).map((job) => `${job.id} ${job.name}`);
      expect(shown).to.include.members(jobs.map((job) => `${job.id} ${job.name}`));
    });

    for (const [what, text, words] of [
      ['an unknown partition', script('#SBATCH --partition=nope', 'true'), 'Invalid partition name specified'],
      ['an unknown option', script('#SBATCH --bogus', 'true'), "unrecognized option '--bogus'"],
      ['an invalid time limit', script('#SBATCH --time=soon', 'true'), 'Invalid --time specification'],
      ['a script without an interpreter', 'echo hello\n', 'This does not look like a batch script.'],
      ['an empty script', '', 'Batch script is empty!'],
      ['a script with DOS line breaks', '#!/bin/bash\r\ntrue\r\n', 'Batch script contains DOS line breaks'],
      ['an unknown node', script('#SBATCH --nodelist=nowhere', 'true'), 'Invalid node name specified'],
    ] as const) {
      it(`returns Slurm's error message for ${what}`, async () => {
        const jobName = newName();
        const outcome = await scheduler.submit({ jobName, script: text });

        expect(outcome.kind).to.equal('rejected');
        expect(outcome.kind === 'rejected' && outcome.message).to.include(words);
        expect(await lookUp(jobName)).to.deep.equal([]);
      });
    }

    it('rejects a call whose AbortSignal is already aborted', async () => {
      const why = new Error('the daemon stops');
      const answer = await scheduler.list(AbortSignal.abort(why)).catch((error: unknown) => error);

      expect(answer).to.equal(why);
    });

    async function logOf(id: JobId): Promise<string> {
      const record = await scheduler.record(id);
      return readFileSync(record?.outputPath ?? '', 'utf8');
    }
  });
}
