// What goes wrong when a job is submitted, planned on the stand-in: what each outcome lets the caller believe.
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
import { HELD, NAME, useFailingScheduler } from './failing-scheduler.ts';

const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

describe('submission errors between the scheduler and Slurm', () => {
  const desk = useFailingScheduler();
  const { found, plan, restart, submit, submitted } = desk;

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
    await desk.cluster().stopListening();

    expect(await submitting).to.deep.equal({ kind: 'unknown', words: 'Zero Bytes were transmitted or received' });
    await desk.cluster().listen();
  });

  it('surely made no job while the controller is away', async () => {
    await desk.cluster().stopListening();
    const outcome = await submit();
    await desk.cluster().listen();

    expect(outcome).to.deep.equal({
      kind: 'unavailable',
      words: 'Unable to contact slurm controller (connect failure)',
    });
    expect(await found()).to.deep.equal([]);
  });

  it('surely made no job where there is no sbatch, and says so', async () => {
    const outcome = await desk.schedulerWithoutSlurm().submit({ jobName: NAME, script: HELD });

    expect(outcome.kind).to.equal('unavailable');
    expect(outcome.kind === 'unavailable' && outcome.words).to.match(/^\/nowhere\/sbatch not found on this machine/);
  });
});
