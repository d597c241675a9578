// How many calls run at once, in which order, how a waiting call is aborted, and what a failure does to the others.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { createConcurrencyLimit, inParallel } from '../../src/base/concurrency-limit.ts';
import { rejection } from '../support/rejection.ts';

describe('createConcurrencyLimit', () => {
  it('runs calls in the given order, and never more at once than the limit permits', async () => {
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

  it('skips a waiting call that was aborted', async () => {
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
describe('inParallel', () => {
  it('processes all items, and at most the permitted number at once', async () => {
    const done: number[] = [];
    let atOnce = 0;
    let most = 0;

    await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      most = Math.max(most, (atOnce += 1));
      await turn();
      atOnce -= 1;
      done.push(item);
    });

    expect(done).to.have.members([1, 2, 3, 4, 5]);
    expect(most).to.equal(2);
  });

  it('starts no more calls after a failure, waits for the running calls, and throws the first error', async () => {
    const seen: string[] = [];

    const error = await rejection(
      inParallel(['bad', 'slow', 'never'], 2, async (item) => {
        seen.push(`${item} begins`);
        if (item === 'bad') throw new Error('bad');
        await turn();
        seen.push(`${item} ends`);
      }),
    );

    expect(error).to.have.property('message', 'bad');
    expect(seen).to.deep.equal(['bad begins', 'slow begins', 'slow ends']);
  });

  it('accepts an empty list', async () => {
    await inParallel([], 3, () => Promise.reject(new Error('called')));
  });
});
