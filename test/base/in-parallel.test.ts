// Limited concurrency: all calls run, never too many at a time, and a failure stops the rest.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { inParallel } from '../../src/base/in-parallel.ts';
import { rejection } from '../support/rejection.ts';

describe('inParallel', () => {
  it('processes all items, at most the permitted number at a time', async () => {
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

  it('starts no more calls after a failure, waits for the running ones, and throws the first error', async () => {
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
