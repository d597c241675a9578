// Errors of queries and cancellations, planned on the stand-in: what the caller may conclude from each output.
import { expect } from 'chai';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { controllerDown, cutShort, emptyWithComplaint, noise, slow } from '../stand-ins/slurm/faults.ts';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { rejection } from '../support/rejection.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HELD_SCRIPT, JOB_NAME, useFailingScheduler } from './failing-scheduler.ts';

describe('the Slurm client', () => {
  const desk = useFailingScheduler();
  const { found, lookUp, plan, restart, submit, submitted } = desk;

  describe('(list of jobs)', () => {
    for (const [what, fault] of [
      ['the table of squeue is truncated', cutShort('squeue', 0.7)],
      ['squeue prints an error and an empty table', emptyWithComplaint('squeue', 'squeue: error: Invalid user: ann')],
      ['squeue cannot reach the controller', controllerDown('squeue')],
    ] as const) {
      it(`reports a failure if ${what} (S-16)`, async () => {
        await submitted();
        plan(fault);

        expect(await desk.scheduler().list()).to.include({ kind: 'failed' });
        expect(await desk.scheduler().list()).to.have.nested.property('jobs.length', 1);
      });
    }

    it('ignores extra lines that a wrapper around squeue prints', async () => {
      const id = await submitted();
      plan(noise('squeue'));
      const answer = await desk.scheduler().list();

      expect(answer.kind === 'listed' && answer.jobs.map((job) => job.id)).to.deep.equal([id]);
    });

    it('reports a failure if squeue is missing', async () => {
      expect(await desk.schedulerWithoutSlurm().list()).to.include({ kind: 'failed' });
    });

    it('lists the jobs while slow sbatch calls fill the submission pool (S-06)', async () => {
      plan(...Array.from({ length: 5 }, () => slow('sbatch', 60_000)));
      const stopping = new AbortController();
      // More than are begun at once: the last one waits for its turn.
      const submitting = Array.from({ length: 5 }, () => submit(HELD_SCRIPT, stopping.signal));

      expect(await desk.scheduler().list()).to.include({ kind: 'listed' });
      stopping.abort(new Error('the daemon stops'));
      expect((await Promise.all(submitting)).map((outcome) => outcome.kind)).to.deep.equal(
        submitting.map(() => 'unknown'),
      );
    });

    it('lists only the new job if the controller lost a job and reused the job id (S-44)', async () => {
      const id = await submitted();
      desk.cluster().controller.forgetNewest(1);
      await desk.scheduler().submit({ jobName: `${JOB_NAME}x`, script: HELD_SCRIPT });
      const answer = await desk.scheduler().list();

      expect(answer.kind === 'listed' && answer.jobs.map((job) => [job.id, job.name])).to.deep.equal([
        [id, `${JOB_NAME}x`],
      ]);
      expect(await found()).to.deep.equal([]);
    });
  });

  describe('(look-up by job name)', () => {
    const forgetful = { hasAccounting: true, minJobAgeMs: 0 };

    it('finds a failed job in accounting if squeue no longer lists the job (S-19)', async () => {
      await restart(forgetful);
      const id = await submitted('#!/bin/bash\nexit 3\n');
      const job = await waitUntil('the job to have ended', async () =>
        (await found()).find((one) => one.state === 'FAILED'),
      );
      const shown = await desk.scheduler().list();
      const record = await desk.scheduler().record(id);

      expect(shown).to.deep.equal({ kind: 'listed', jobs: [] });
      expect(job).to.include({ id, name: JOB_NAME, reason: 'NonZeroExitCode' });
      expect(record).to.include({ name: JOB_NAME, exitCode: 3, outputPath: undefined });
    });

    it("returns an ended job's record from accounting if a new job has the same job id (S-44)", async () => {
      await restart({ hasAccounting: true });
      const id = await submitted('#!/bin/bash\nexit 3\n');
      await waitUntil('the job to have ended', async () => (await found()).find((one) => one.state === 'FAILED'));
      desk.cluster().controller.forgetNewest(1);
      const other = `${JOB_NAME}x`;
      expect(await desk.scheduler().submit({ jobName: other, script: HELD_SCRIPT })).to.include({ jobId: id });

      expect(await desk.scheduler().record(id, { name: JOB_NAME })).to.include({
        name: JOB_NAME,
        exitCode: 3,
        restarts: 0,
      });
      expect(await desk.scheduler().record(id, { name: other })).to.include({ name: other, stateWord: 'PENDING' });
      expect(await desk.scheduler().record(id)).to.include({ name: other });
    });

    it('finds no ended job if the cluster has no accounting', async () => {
      await restart({ minJobAgeMs: 0 });
      await submitted('#!/bin/bash\n');
      await waitUntil('the job to be forgotten', async () => (await found()).length === 0);

      expect(await lookUp()).to.deep.equal({ kind: 'listed', jobs: [] });
    });

    for (const [what, fault] of [
      ['cannot reach the database', controllerDown('sacct')],
      [
        'prints an error with exit code 0',
        emptyWithComplaint('sacct', 'sacct: error: Problem talking to the database'),
      ],
      ['prints truncated output', cutShort('sacct', 0.5)],
    ] as const) {
      it(`reports a failure for a job missing from squeue if sacct ${what}`, async () => {
        await restart(forgetful);
        plan(fault);

        expect(await lookUp()).to.include({ kind: 'failed' });
      });
    }

    it('reports a failure while the controller is down', async () => {
      plan(controllerDown('squeue'));

      expect(await lookUp()).to.include({ kind: 'failed' });
    });

    it('logs a warning and uses only squeue if sacct is missing', async () => {
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

  describe('(scontrol)', () => {
    it('reports Slurm as unavailable while the controller is down', async () => {
      plan(controllerDown('scontrol'), controllerDown('scontrol'));

      expect(await rejection(desk.scheduler().facts())).to.be.instanceOf(SlurmUnavailableError);
      expect(await rejection(desk.scheduler().record('1' as JobId))).to.be.instanceOf(SlurmUnavailableError);
    });

    it('reports Slurm as unavailable if scontrol is missing or prints truncated output', async () => {
      plan(cutShort('scontrol', 0.3));

      expect(await rejection(desk.scheduler().facts())).to.be.instanceOf(SlurmUnavailableError);
      expect(await rejection(desk.schedulerWithoutSlurm().facts())).to.be.instanceOf(SlurmUnavailableError);
    });
  });

  describe('(cancellation of jobs)', () => {
    it('logs a warning instead of throwing an error while the controller is down', async () => {
      const id = await submitted();
      plan(controllerDown('scancel'));
      // Once for both jobs: after the first failure, scancel is not run again.
      await desk.scheduler().cancel([
        { id, name: JOB_NAME },
        { id: '99' as JobId, name: JOB_NAME },
      ]);

      expect((await found())[0]?.state).to.equal('PENDING');
      expect(desk.lines().find((line) => line.level === 'warn')).to.deep.equal({
        level: 'warn',
        message: 'Jobs could not be cancelled',
        data: { job: `${id},99`, slurm: 'scancel: error: Unable to contact slurm controller (connect failure)' },
      });
    });

    it('does not cancel a new job that has the id of a lost job (S-44)', async () => {
      const id = await submitted();
      desk.cluster().controller.forgetNewest(1);
      await desk.scheduler().submit({ jobName: `${JOB_NAME}x`, script: HELD_SCRIPT });
      await desk.scheduler().cancel([{ id, name: JOB_NAME }]);

      const list = await desk.scheduler().list();
      const [job, ...others] = list.kind === 'listed' ? list.jobs : [];
      expect(job).to.include({ id, name: `${JOB_NAME}x`, state: 'PENDING' });
      expect(others).to.deep.equal([]);
      expect(desk.lines().filter((line) => line.level === 'warn')).to.deep.equal([]);
    });
  });
});
