// Everything that goes wrong between the scheduler and Slurm, planned on the stand-in: what each outcome lets the caller believe.
import { expect } from 'chai';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acceptedThenTimeout,
  controllerDown,
  cutShort,
  emptyWithComplaint,
  lostThenTimeout,
  noise,
  planFault,
  slow,
  submissionFails,
  type Fault,
} from '../../src/sandbox/slurm/faults.ts';
import type { StandInSettings } from '../../src/sandbox/slurm/settings.ts';
import { startStandInCluster, type StandInCluster } from '../../src/sandbox/slurm/stand-in-cluster.ts';
import { SlurmUnavailable } from '../../src/slurm/errors.ts';
import type { Job, JobId, JobList, Scheduler, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { rejection } from '../support/rejection.ts';
import { waitUntil } from '../support/wait-until.ts';
import { schedulerOn, type LoggedLine } from './scheduler-on.ts';

const NAME = 'clearml_task_0123456789abcdef0123456789abcdef-mwudl4rwabcd';
const HELD = '#!/bin/bash\n#SBATCH --hold\ntrue\n';
const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

describe('trouble between the scheduler and Slurm', () => {
  let folder: string;
  let cluster: StandInCluster;
  let scheduler: Scheduler;
  let lines: LoggedLine[];

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'trouble-')));
    await start({});
  });

  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(settings: Partial<StandInSettings>): Promise<void> {
    cluster = await startStandInCluster({ stateDir: join(folder, 'cluster'), settings });
    lines = [];
    scheduler = schedulerOn({ folder, commandsDir: cluster.commandsDir, lines });
  }

  async function stop(): Promise<void> {
    await cluster.close();
    rmSync(cluster.stateDir, { recursive: true, force: true });
  }

  async function restart(settings: Partial<StandInSettings>): Promise<void> {
    await stop();
    await start(settings);
  }

  function plan(...faults: readonly Fault[]): void {
    for (const fault of faults) planFault(cluster.stateDir, fault);
  }

  function submit(script = HELD, signal?: AbortSignal): Promise<SubmitOutcome> {
    return scheduler.submit({ jobName: NAME, script, ...(signal === undefined ? {} : { signal }) });
  }

  async function submitted(script = HELD): Promise<JobId> {
    const outcome = await submit(script);
    if (outcome.kind !== 'accepted') throw new Error(outcome.words);
    return outcome.jobId;
  }

  function lookUp(): Promise<JobList> {
    return scheduler.lookUp([NAME], Date.now() - 3_600_000);
  }

  async function found(): Promise<readonly Job[]> {
    const answer = await lookUp();
    if (answer.kind === 'failed') throw new Error(answer.words);
    return answer.jobs;
  }

  describe('submitting', () => {
    it('S-01 leaves it open when sbatch timed out, and the job that is there is found by its name', async () => {
      plan(acceptedThenTimeout());

      expect(await submit()).to.deep.equal({ kind: 'unknown', words: 'Socket timed out on send/recv operation' });
      expect(await found()).to.have.length(1);
    });

    it('leaves it open in the same words when there is no job', async () => {
      plan(lostThenTimeout());

      expect(await submit()).to.deep.equal({ kind: 'unknown', words: 'Socket timed out on send/recv operation' });
      expect(await found()).to.deep.equal([]);
    });

    it('S-04 reads the id through the noise of a wrapper', async () => {
      plan(noise('sbatch'));
      const id = await submitted();

      expect((await found()).map((job) => job.id)).to.deep.equal([id]);
    });

    it('leaves it open when the id was cut off', async () => {
      plan(cutShort('sbatch', 0.1));

      expect(await submit()).to.include({ kind: 'unknown' });
      expect(await found()).to.have.length(1);
    });

    it('leaves it open when it was told to stop meanwhile', async () => {
      plan(slow('sbatch', 60_000));
      const stopping = new AbortController();
      const submitting = submit(HELD, stopping.signal);
      await waitUntil('the job to be there', async () => (await found()).length === 1);
      stopping.abort(new Error('the daemon stops'));

      expect(await submitting).to.deep.equal({ kind: 'unknown', words: 'sbatch was interrupted' });
    });

    it('S-06 is held back while the cluster is full', async () => {
      await restart({ maxJobCount: 1 });
      await submitted();

      expect(await submit()).to.deep.equal({ kind: 'backpressure', words: 'Resource temporarily unavailable' });
    });

    it('is held back at a submit limit', async () => {
      plan(submissionFails(POLICY, 'QOSMaxSubmitJobPerUserLimit'));

      expect(await submit()).to.deep.equal({ kind: 'backpressure', words: `QOSMaxSubmitJobPerUserLimit; ${POLICY}` });
    });

    it('is rejected when the job alone is beyond a limit', async () => {
      plan(submissionFails(POLICY, 'QOSMaxWallDurationPerJobLimit'));

      expect(await submit()).to.include({ kind: 'rejected' });
    });

    it('leaves it open when the connection to the controller broke', async () => {
      plan(slow('sbatch', 60_000));
      const submitting = submit();
      await waitUntil('the job to be there', async () => (await found()).length === 1);
      await cluster.stopListening();

      expect(await submitting).to.deep.equal({ kind: 'unknown', words: 'Zero Bytes were transmitted or received' });
      await cluster.listen();
    });

    it('surely made no job while the controller is away', async () => {
      await cluster.stopListening();
      const outcome = await submit();
      await cluster.listen();

      expect(outcome).to.deep.equal({
        kind: 'unavailable',
        words: 'Unable to contact slurm controller (connect failure)',
      });
      expect(await found()).to.deep.equal([]);
    });

    it('surely made no job where there is no sbatch, and says so', async () => {
      const outcome = await schedulerOn({ folder, commandsDir: '/nowhere' }).submit({ jobName: NAME, script: HELD });

      expect(outcome.kind).to.equal('unavailable');
      expect(outcome.kind === 'unavailable' && outcome.words).to.match(/^\/nowhere\/sbatch not found on this machine/);
    });
  });

  describe('listing', () => {
    for (const [what, fault] of [
      ['is cut short', cutShort('squeue', 0.7)],
      ['is empty and squeue complains', emptyWithComplaint('squeue', 'squeue: error: Invalid user: ann')],
      ['can not be had from the controller', controllerDown('squeue')],
    ] as const) {
      it(`S-16 says nothing of any job when the table ${what}`, async () => {
        await submitted();
        plan(fault);

        expect(await scheduler.list()).to.include({ kind: 'failed' });
        expect(await scheduler.list()).to.have.nested.property('jobs.length', 1);
      });
    }

    it('reads the table through the noise of a wrapper', async () => {
      const id = await submitted();
      plan(noise('squeue'));
      const answer = await scheduler.list();

      expect(answer.kind === 'listed' && answer.jobs.map((job) => job.id)).to.deep.equal([id]);
    });

    it('says nothing of any job where there is no squeue', async () => {
      expect(await schedulerOn({ folder, commandsDir: '/nowhere' }).list()).to.include({ kind: 'failed' });
    });

    it('S-06 goes on while every sbatch keeps trying', async () => {
      plan(...Array.from({ length: 5 }, () => slow('sbatch', 60_000)));
      const stopping = new AbortController();
      // More than are begun at once: the last one waits for its turn.
      const submitting = Array.from({ length: 5 }, () => submit(HELD, stopping.signal));

      expect(await scheduler.list()).to.include({ kind: 'listed' });
      stopping.abort(new Error('the daemon stops'));
      expect((await Promise.all(submitting)).map((outcome) => outcome.kind)).to.deep.equal(
        submitting.map(() => 'unknown'),
      );
    });

    it('S-44 shows another job under an id that the controller has handed out again after a crash', async () => {
      const id = await submitted();
      cluster.controller.forgetNewest(1);
      await scheduler.submit({ jobName: `${NAME}x`, script: HELD });
      const answer = await scheduler.list();

      expect(answer.kind === 'listed' && answer.jobs.map((job) => [job.id, job.name])).to.deep.equal([
        [id, `${NAME}x`],
      ]);
      expect(await found()).to.deep.equal([]);
    });
  });

  describe('looking up', () => {
    const forgetful = { hasAccounting: true, minJobAgeMs: 0 };

    it('S-19 finds in accounting what squeue has forgotten', async () => {
      await restart(forgetful);
      const id = await submitted('#!/bin/bash\nexit 3\n');
      const [job] = await waitUntil('the job to have ended', async () =>
        (await found()).filter((one) => one.state === 'FAILED'),
      );
      const shown = await scheduler.list();
      const record = await scheduler.record(id);

      expect(shown).to.deep.equal({ kind: 'listed', jobs: [] });
      expect(job).to.include({ id, name: NAME, reason: 'NonZeroExitCode' });
      expect(record).to.include({ name: NAME, exitCode: 3, outputPath: undefined });
    });

    it('finds nothing without accounting when squeue has forgotten', async () => {
      await restart({ minJobAgeMs: 0 });
      await submitted('#!/bin/bash\n');
      await waitUntil('the job to be forgotten', async () => (await found()).length === 0);

      expect(await lookUp()).to.deep.equal({ kind: 'listed', jobs: [] });
    });

    for (const [what, fault] of [
      ['is away', controllerDown('sacct')],
      [
        'complains with exit code 0, as before 23.11',
        emptyWithComplaint('sacct', 'sacct: error: Problem talking to the database'),
      ],
      ['gives half an answer', cutShort('sacct', 0.5)],
    ] as const) {
      it(`says nothing of a job that squeue does not show while accounting ${what}`, async () => {
        await restart(forgetful);
        plan(fault);

        expect(await lookUp()).to.include({ kind: 'failed' });
      });
    }

    it('says nothing while the controller is away', async () => {
      plan(controllerDown('squeue'));

      expect(await lookUp()).to.include({ kind: 'failed' });
    });

    it('does without sacct where there is none, and says so once a look-up', async () => {
      await restart(forgetful);
      rmSync(join(cluster.commandsDir, 'sacct'));

      expect(await lookUp()).to.deep.equal({ kind: 'listed', jobs: [] });
      expect(lines.filter((line) => line.level === 'warn').map((line) => line.message)).to.deep.equal([
        'The cluster has accounting but the host has no sacct; jobs are looked up in squeue only',
      ]);
    });
  });

  describe('asking for facts and records', () => {
    it('fails as unavailable while the controller is away', async () => {
      plan(controllerDown('scontrol'), controllerDown('scontrol'));

      expect(await rejection(scheduler.facts())).to.be.instanceOf(SlurmUnavailable);
      expect(await rejection(scheduler.record('1' as JobId))).to.be.instanceOf(SlurmUnavailable);
    });

    it('fails as unavailable when the answer is cut or there is no scontrol', async () => {
      plan(cutShort('scontrol', 0.3));

      expect(await rejection(scheduler.facts())).to.be.instanceOf(SlurmUnavailable);
      expect(await rejection(schedulerOn({ folder, commandsDir: '/nowhere' }).facts())).to.be.instanceOf(
        SlurmUnavailable,
      );
    });
  });

  describe('cancelling', () => {
    it('is no error while the controller is away, but is said', async () => {
      const id = await submitted();
      plan(controllerDown('scancel'));
      await scheduler.cancel([id]);

      expect((await found())[0]?.state).to.equal('PENDING');
      expect(lines.find((line) => line.level === 'warn')).to.deep.equal({
        level: 'warn',
        message: 'Jobs could not be cancelled',
        data: { job: id, slurm: 'scancel: error: Unable to contact slurm controller (connect failure)' },
      });
    });
  });
});
