// Tests the backoff of claiming.
import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs } from '../../../src/daemon/submit/backoff-ms.ts';
import { createBackoff, type Backoff } from '../../../src/daemon/submit/submission-backoff.ts';

describe('the backoff between submissions', () => {
  it('grows with each consecutive failure, up to five minutes', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), (refusals, jitter) => {
        expect(backoffMs(refusals, jitter)).to.be.within(0, 300_000);
        expect(backoffMs(refusals + 1, jitter)).to.be.at.least(backoffMs(refusals, jitter));
      }),
    );
  });

  it('grows only once if two concurrent submissions fail', () => {
    const pause = createBackoff(() => 1);
    pause.failed(1_000);
    pause.failed(1_001);

    expect(pause.until(1_000)).to.equal(1_000 + backoffMs(1, 1));
  });

  it('grows if the next submission also fails', () => {
    const pause = createBackoff(() => 1);
    pause.failed(0);
    const first = pause.until(1_000);
    pause.failed(first);

    expect(pause.until(first) - first).to.be.above(first);
  });

  it('ends if the clock is set back by a day', () => {
    const pause = createBackoff(() => 1);
    pause.failed(86_400_000);
    expect(pause.until(1_000)).to.equal(0);
    pause.failed(1_000);

    expect(pause.until(1_000)).to.equal(1_000 + backoffMs(2, 1));
  });

  it('ends with the first successful submission', () => {
    const pause = createBackoff(() => 1);
    pause.failed(0);
    pause.succeeded(1);

    expect(pause.until(1_000)).to.equal(0);
  });
});

describe('the backoff while the cluster is full', () => {
  const FULL = { isFull: true };

  function fullAt(now: number, waiting: number): Backoff {
    const backoff = createBackoff(() => 1, { isForAll: true });
    backoff.polled({ waiting, ended: 0 });
    backoff.failed(now, FULL);
    return backoff;
  }

  it('grows with the length of the queue, up to half an hour', () => {
    expect(fullAt(1_000, 50).until(1_000)).to.equal(1_000 + backoffMs(1, 1));
    // To claim and return a task of a queue of 10,000 takes the server 7 s.
    expect(fullAt(1_000, 10_000).until(1_000)).to.equal(1_000 + 1_200_000);
    expect(fullAt(1_000, 1_000_000).until(1_000)).to.equal(1_000 + 1_800_000);
  });

  it('becomes as short as after an ordinary failure once a job has ended', () => {
    const backoff = fullAt(1_000, 10_000);
    backoff.polled({ waiting: 10_000, ended: 1 });

    expect(backoff.until(1_000)).to.equal(1_000 + backoffMs(1, 1));
  });

  it('permits three claims after three jobs have ended', () => {
    const backoff = fullAt(0, 10_000);
    expect(backoff.room()).to.equal(1);
    backoff.polled({ waiting: 10_000, ended: 2 });
    backoff.polled({ waiting: 10_000, ended: 1 });
    expect(backoff.room()).to.equal(3);

    const now = backoff.until(1_000);
    for (const left of [2, 1]) {
      backoff.succeeded(now);
      expect(backoff.room()).to.equal(left);
      expect(backoff.until(1_000)).to.be.at.most(now);
    }
    backoff.succeeded(now);
    expect(backoff.isFailing()).to.equal(true);
    expect(backoff.until(1_000)).to.equal(1_200_000);
  });

  it('permits only one claim after the next refusal, even if three jobs ended before the refusal', () => {
    const backoff = fullAt(0, 10_000);
    backoff.polled({ waiting: 10_000, ended: 3 });
    const now = backoff.until(1_000);
    backoff.failed(now, FULL);

    expect(backoff.room()).to.equal(1);
    expect(backoff.until(now)).to.equal(now + 1_200_000);
  });

  it('does not end when Slurm accepts a job that was submitted before the refusal', () => {
    const backoff = fullAt(0, 10_000);
    backoff.succeeded(1);

    expect(backoff.until(1_000)).to.equal(1_200_000);
  });

  it('ends when Slurm accepts a job, and each accepted job permits one more claim', () => {
    const backoff = fullAt(0, 10_000);
    backoff.succeeded(backoff.until(1_000));
    expect(backoff.isFailing()).to.equal(false);
    expect(backoff.until(1_000)).to.equal(0);
    const rooms = [1, 2, 3].map((accepted) => {
      const room = backoff.room();
      for (let job = 0; job < accepted; job += 1) backoff.succeeded(0);
      return room;
    });

    expect(rooms).to.deep.equal([2, 3, 5]);
  });

  it('permits only one claim after the first refusal, even if five jobs ended before the refusal', () => {
    const backoff = createBackoff(() => 1, { isForAll: true });
    backoff.polled({ waiting: 10_000, ended: 5 });
    expect(backoff.room()).to.equal(Infinity);
    backoff.failed(0, FULL);

    expect(backoff.room()).to.equal(1);
    expect(backoff.until(1_000)).to.equal(1_200_000);
  });

  it('is as short as after other failures if perhaps only one queue or Unix user has reached a limit', () => {
    const backoff = createBackoff(() => 1);
    backoff.polled({ waiting: 10_000, ended: 0 });
    backoff.failed(1_000, FULL);
    expect(backoff.until(1_000)).to.equal(1_000 + backoffMs(1, 1));

    backoff.succeeded(2_000);
    expect(backoff.room()).to.equal(Infinity);
    expect(backoff.until(1_000)).to.equal(0);
  });

  it('is as short as after other failures if the refusal names no limit', () => {
    const backoff = createBackoff(() => 1, { isForAll: true });
    backoff.polled({ waiting: 10_000, ended: 0 });
    backoff.failed(1_000, { isFull: false });

    expect(backoff.until(1_000)).to.equal(1_000 + backoffMs(1, 1));
  });
});
