// Errors of submissions, planned on the stand-in: what the caller may conclude from each outcome.
import { expect } from 'chai';
import {
  acceptedThenTimeout,
  cutShort,
  lostThenTimeout,
  noise,
  slow,
  submissionFails,
} from '../stand-ins/slurm/faults.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HELD_SCRIPT, JOB_NAME, useFailingScheduler } from './failing-scheduler.ts';

const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

describe('a submission to Slurm', () => {
  const desk = useFailingScheduler();
  const { found, plan, restart, submit, submitted } = desk;

  it('has an unknown outcome if sbatch times out after the controller created the job (S-01)', async () => {
    plan(acceptedThenTimeout());

    expect(await submit()).to.deep.equal({ kind: 'unknown', message: 'Socket timed out on send/recv operation' });
    expect(await found()).to.have.length(1);
  });

  it('has an unknown outcome if sbatch times out before the controller creates a job', async () => {
    plan(lostThenTimeout());

    expect(await submit()).to.deep.equal({ kind: 'unknown', message: 'Socket timed out on send/recv operation' });
    expect(await found()).to.deep.equal([]);
  });

  it('succeeds even if a wrapper around sbatch prints extra lines (S-04)', async () => {
    plan(noise('sbatch'));
    const id = await submitted();

    expect((await found()).map((job) => job.id)).to.deep.equal([id]);
  });

  it('has an unknown outcome if the output of sbatch is truncated', async () => {
    plan(cutShort('sbatch', 0.1));

    expect(await submit()).to.include({ kind: 'unknown' });
    expect(await found()).to.have.length(1);
  });

  it('has an unknown outcome if the daemon stops while sbatch runs', async () => {
    plan(slow('sbatch', 60_000));
    const stopping = new AbortController();
    const submitting = submit(HELD_SCRIPT, stopping.signal);
    await waitUntil('the job to be there', async () => (await found()).length === 1);
    stopping.abort(new Error('the daemon stops'));

    expect(await submitting).to.deep.equal({ kind: 'unknown', message: 'sbatch was interrupted' });
  });

  it('ends with backpressure while the cluster has MaxJobCount jobs (S-06)', async () => {
    await restart({ maxJobCount: 1 });
    await submitted();

    expect(await submit()).to.deep.equal({ kind: 'backpressure', message: 'Resource temporarily unavailable' });
  });

  it('ends with backpressure if sbatch reports QOSMaxSubmitJobPerUserLimit', async () => {
    plan(submissionFails(POLICY, 'QOSMaxSubmitJobPerUserLimit'));

    expect(await submit()).to.deep.equal({ kind: 'backpressure', message: `QOSMaxSubmitJobPerUserLimit; ${POLICY}` });
  });

  it('is rejected if sbatch reports QOSMaxWallDurationPerJobLimit', async () => {
    plan(submissionFails(POLICY, 'QOSMaxWallDurationPerJobLimit'));

    expect(await submit()).to.include({ kind: 'rejected' });
  });

  it('has an unknown outcome if sbatch loses the connection to the controller', async () => {
    plan(slow('sbatch', 60_000));
    const submitting = submit();
    await waitUntil('the job to be there', async () => (await found()).length === 1);
    await desk.cluster().stopListening();

    expect(await submitting).to.deep.equal({ kind: 'unknown', message: 'Zero Bytes were transmitted or received' });
    await desk.cluster().listen();
  });

  it('reports Slurm as unavailable while the controller is down', async () => {
    await desk.cluster().stopListening();
    const outcome = await submit();
    await desk.cluster().listen();

    expect(outcome).to.deep.equal({
      kind: 'unavailable',
      message: 'Unable to contact slurm controller (connect failure)',
    });
    expect(await found()).to.deep.equal([]);
  });

  it('reports the path of sbatch if sbatch is missing', async () => {
    const outcome = await desk.schedulerWithoutSlurm().submit({ jobName: JOB_NAME, script: HELD_SCRIPT });

    expect(outcome.kind).to.equal('unavailable');
    expect(outcome.kind === 'unavailable' && outcome.message).to.match(/^\/nowhere\/sbatch not found on this machine/);
  });
});
