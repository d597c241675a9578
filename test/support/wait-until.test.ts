// A wait ends with its condition, and fails early once the condition can no longer become true.
import { expect } from 'chai';
import { rejection } from './rejection.ts';
import { failWaitsOn, waitUntil } from './wait-until.ts';

const never = (): boolean => false;

describe('waitUntil', () => {
  it('fails immediately if slurmctld has ended', async () => {
    const remove = failWaitsOn(() => 'slurmctld ended');

    const error = await rejection(waitUntil('a job', never, { evidence: () => 'its last line' }));
    remove();

    expect(error.message).to.match(/^waited \d+ ms for a job, in vain: slurmctld ended\nits last line$/);
  });

  it('ignores the end of a program that the test no longer watches', async () => {
    failWaitsOn(() => 'slurmctld ended')();

    expect(await waitUntil('a job', () => 'job 7')).to.equal('job 7');
  });

  it('fails immediately if the program that must fulfill the condition has ended', async () => {
    const error = await rejection(waitUntil('a line', never, { hopeless: () => 'the program ended with 1' }));

    expect(error.message).to.include('for a line, in vain: the program ended with 1');
  });

  it('succeeds if the condition holds, even if the program has ended', async () => {
    expect(await waitUntil('a line', () => 'the line', { hopeless: () => 'the program ended' })).to.equal('the line');
  });

  it('fails if the task has failed and no job is left', async () => {
    const stalled = (): Promise<string> => Promise.resolve('the task is failed, and no job is left');

    const error = await rejection(waitUntil('completion', never, { stalled, stalledForMs: 0 }));

    expect(error.message).to.include('for completion, in vain: the task is failed, and no job is left');
  });

  it('fails after the timeout only if there is no more progress', async () => {
    let checks = 0;
    const look = (): boolean => ++checks > 100;

    const error = await rejection(
      waitUntil('a hundred checks', look, { withinMs: 0, everyMs: 0, progress: () => Math.min(checks, 10) }),
    );

    expect(error.message).to.include('for a hundred checks, in vain: nothing has happened for 0 ms');
    expect(checks).to.be.within(11, 99);
  });
});
