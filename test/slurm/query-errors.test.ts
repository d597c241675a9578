// What goes wrong when Slurm is asked about jobs, or to cancel them, planned on the stand-in: what may be concluded from each answer.
import { expect } from 'chai';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { controllerDown, cutShort, emptyWithComplaint, noise, slow } from '../stand-ins/slurm/faults.ts';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { rejection } from '../support/rejection.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HELD, NAME, useFailingScheduler } from './failing-scheduler.ts';

describe('errors between the scheduler and Slurm', () => {
  const desk = useFailingScheduler();
  const { found, lookUp, plan, restart, submit, submitted } = desk;

  describe('listing', () => {
    for (const [what, fault] of [
      ['is cut short', cutShort('squeue', 0.7)],
      ['is empty and squeue complains', emptyWithComplaint('squeue', 'squeue: error: Invalid user: ann')],
      ['is not available from the controller', controllerDown('squeue')],
    ] as const) {
      it(`S-16 says nothing of any job when the table ${what}`, async () => {
        await submitted();
        plan(fault);

        expect(await desk.scheduler().list()).to.include({ kind: 'failed' });
        expect(await desk.scheduler().list()).to.have.nested.property('jobs.length', 1);
      });
    }

    it('reads the table through the noise of a wrapper', async () => {
      const id = await submitted();
      plan(noise('squeue'));
      const answer = await desk.scheduler().list();

      expect(answer.kind === 'listed' && answer.jobs.map((job) => job.id)).to.deep.equal([id]);
    });

    it('says nothing of any job where there is no squeue', async () => {
      expect(await desk.schedulerWithoutSlurm().list()).to.include({ kind: 'failed' });
    });

    it('S-06 continues while every sbatch retries', async () => {
      plan(...Array.from({ length: 5 }, () => slow('sbatch', 60_000)));
      const stopping = new AbortController();
      // More than are begun at once: the last one waits for its turn.
      const submitting = Array.from({ length: 5 }, () => submit(HELD, stopping.signal));

      expect(await desk.scheduler().list()).to.include({ kind: 'listed' });
      stopping.abort(new Error('the daemon stops'));
      expect((await Promise.all(submitting)).map((outcome) => outcome.kind)).to.deep.equal(
        submitting.map(() => 'unknown'),
      );
    });

    it('S-44 shows another job under an id that the controller has handed out again after a crash', async () => {
      const id = await submitted();
      desk.cluster().controller.forgetNewest(1);
      await desk.scheduler().submit({ jobName: `${NAME}x`, script: HELD });
      const answer = await desk.scheduler().list();

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
      const job = await waitUntil('the job to have ended', async () =>
        (await found()).find((one) => one.state === 'FAILED'),
      );
      const shown = await desk.scheduler().list();
      const record = await desk.scheduler().record(id);

      expect(shown).to.deep.equal({ kind: 'listed', jobs: [] });
      expect(job).to.include({ id, name: NAME, reason: 'NonZeroExitCode' });
      expect(record).to.include({ name: NAME, exitCode: 3, outputPath: undefined });
    });

    it('S-44 reads from accounting the record of an ended job whose id a later job has after a crash', async () => {
      await restart({ hasAccounting: true });
      const id = await submitted('#!/bin/bash\nexit 3\n');
      await waitUntil('the job to have ended', async () => (await found()).find((one) => one.state === 'FAILED'));
      desk.cluster().controller.forgetNewest(1);
      const other = `${NAME}x`;
      expect(await desk.scheduler().submit({ jobName: other, script: HELD })).to.include({ jobId: id });

      expect(await desk.scheduler().record(id, { name: NAME })).to.include({ name: NAME, exitCode: 3, restarts: 0 });
      expect(await desk.scheduler().record(id, { name: other })).to.include({ name: other, stateWord: 'PENDING' });
      expect(await desk.scheduler().record(id)).to.include({ name: other });
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

    it('works without sacct, and reports that once per look up', async () => {
      await restart(forgetful);
      rmSync(join(desk.cluster().commandsDir, 'sacct'));

      expect(await lookUp()).to.deep.equal({ kind: 'listed', jobs: [] });
      expect(
        desk
          .lines()
          .filter((line) => line.level === 'warn')
          .map((line) => line.message),
      ).to.deep.equal(['The cluster has accounting but the host has no sacct; jobs are looked up in squeue only']);
    });
  });

  describe('asking for facts and records', () => {
    it('fails as unavailable while the controller is away', async () => {
      plan(controllerDown('scontrol'), controllerDown('scontrol'));

      expect(await rejection(desk.scheduler().facts())).to.be.instanceOf(SlurmUnavailableError);
      expect(await rejection(desk.scheduler().record('1' as JobId))).to.be.instanceOf(SlurmUnavailableError);
    });

    it('fails as unavailable when the answer is cut or there is no scontrol', async () => {
      plan(cutShort('scontrol', 0.3));

      expect(await rejection(desk.scheduler().facts())).to.be.instanceOf(SlurmUnavailableError);
      expect(await rejection(desk.schedulerWithoutSlurm().facts())).to.be.instanceOf(SlurmUnavailableError);
    });
  });

  describe('cancelling', () => {
    it('is no error while the controller is away, but is said', async () => {
      const id = await submitted();
      plan(controllerDown('scancel'));
      await desk.scheduler().cancel([id]);

      expect((await found())[0]?.state).to.equal('PENDING');
      expect(desk.lines().find((line) => line.level === 'warn')).to.deep.equal({
        level: 'warn',
        message: 'Jobs could not be cancelled',
        data: { job: id, slurm: 'scancel: error: Unable to contact slurm controller (connect failure)' },
      });
    });
  });
});
