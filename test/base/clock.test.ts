// Waits that a signal may end early.
import { expect } from 'chai';
import { systemClock, sleepUnlessStopped, waitAtMost } from '../../src/base/clock.ts';
import { rejection } from '../support/rejection.ts';

const LONG_MS = 3_600_000;

describe('sleepUnlessStopped (a sleep with an AbortSignal)', () => {
  it('returns true after the given time', async () => {
    expect(await sleepUnlessStopped(systemClock, 1, new AbortController().signal)).to.equal(true);
  });

  it('returns false when the AbortSignal is aborted', async () => {
    const stop = new AbortController();
    const slept = sleepUnlessStopped(systemClock, LONG_MS, stop.signal);

    stop.abort('no error at all');

    expect(await slept).to.equal(false);
  });

  it('returns false immediately if the AbortSignal was aborted before the call', async () => {
    expect(await sleepUnlessStopped(systemClock, LONG_MS, AbortSignal.abort())).to.equal(false);
  });

  it('throws the error of the clock if the clock fails', async () => {
    const broken = { now: () => 0, sleep: () => Promise.reject(new RangeError('no such time')) };

    const error = await rejection(sleepUnlessStopped(broken, 1, new AbortController().signal));

    expect(error).to.be.instanceOf(RangeError);
  });
});

describe('waitAtMost (waits for a promise until a time limit)', () => {
  const never = new Promise<string>(() => undefined);

  it('returns the result of the promise and cancels the timer', async () => {
    let timer: AbortSignal | undefined;
    const clock = { sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(LONG_MS, (timer = signal)) };

    expect(await waitAtMost(clock, LONG_MS, Promise.resolve('done'))).to.equal('done');
    expect(timer?.aborted).to.equal(true);
  });

  it('returns undefined at the time limit or when the AbortSignal is aborted', async () => {
    const stop = new AbortController();
    const waited = waitAtMost(systemClock, LONG_MS, never, stop.signal);

    stop.abort();

    expect(await waited).to.equal(undefined);
    expect(await waitAtMost(systemClock, 1, never)).to.equal(undefined);
  });

  it('throws the error of the promise', async () => {
    const failing = Promise.reject(new RangeError('no such work'));

    expect(await rejection(waitAtMost(systemClock, LONG_MS, failing))).to.be.instanceOf(RangeError);
  });
});
