// A wait that a signal may end early.
import { expect } from 'chai';
import { systemClock, sleepUnlessStopped } from '../../src/base/clock.ts';
import { rejection } from '../support/rejection.ts';

const LONG_MS = 3_600_000;

describe('sleepUnlessStopped', () => {
  it('returns true when the time has passed', async () => {
    expect(await sleepUnlessStopped(systemClock, 1, new AbortController().signal)).to.equal(true);
  });

  it('returns false when its AbortSignal is aborted, whatever the reason', async () => {
    const stop = new AbortController();
    const slept = sleepUnlessStopped(systemClock, LONG_MS, stop.signal);

    stop.abort('no error at all');

    expect(await slept).to.equal(false);
  });

  it('returns false immediately if its AbortSignal was aborted before the call', async () => {
    expect(await sleepUnlessStopped(systemClock, LONG_MS, AbortSignal.abort())).to.equal(false);
  });

  it('rethrows an error of the clock', async () => {
    const broken = { now: () => 0, sleep: () => Promise.reject(new RangeError('no such time')) };

    const error = await rejection(sleepUnlessStopped(broken, 1, new AbortController().signal));

    expect(error).to.be.instanceOf(RangeError);
  });
});
