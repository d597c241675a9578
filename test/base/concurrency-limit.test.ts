// How many calls run at once, in which order, and how a waiting call is aborted.
import { expect } from 'chai';
import { createConcurrencyLimit } from '../../src/base/concurrency-limit.ts';
import { rejection } from '../support/rejection.ts';

describe('a concurrency limit', () => {
  it('runs calls in order, and at most as many at once as the limit permits', async () => {
    const slots = createConcurrencyLimit(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const calls = [0, 1, 2, 3].map((number) =>
      slots.run(() => {
        begun.push(number);
        return new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await turn();

    expect(begun).to.deep.equal([0, 1]);
    ends[1]?.();
    await turn();
    expect(begun).to.deep.equal([0, 1, 2]);
    ends[0]?.();
    await turn();
    expect(begun).to.deep.equal([0, 1, 2, 3]);
    ends[2]?.();
    ends[3]?.();
    await Promise.all(calls);
  });

  it('starts the next call after a failed one', async () => {
    const slots = createConcurrencyLimit(1);
    const failure = await rejection(slots.run(() => Promise.reject(new Error('no'))));

    expect(failure.message).to.equal('no');
    expect(await slots.run(() => Promise.resolve('yes'))).to.equal('yes');
  });

  it('frees the slot of a waiting call that is aborted', async () => {
    const slots = createConcurrencyLimit(1);
    const stop = new AbortController();
    let end: () => void = () => undefined;
    const first = slots.run(() => new Promise<void>((resolve) => (end = resolve)));
    const second = slots.run(() => Promise.resolve('never'), stop.signal);
    stop.abort(new Error('enough'));

    expect((await rejection(second)).message).to.equal('enough');
    end();
    await first;
    expect(await slots.run(() => Promise.resolve('yes'))).to.equal('yes');
  });
});

/** Lets everything that is ready run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
