// A few at a time: all are done, never more at once than allowed, and a failure ends it.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { inParallel } from '../../src/base/in-parallel.ts';
import { rejection } from '../support/rejection.ts';

describe('work on many things, a few at a time', () => {
  it('does all of them, and never more at once than allowed', async () => {
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

  it('begins nothing more after a failure, lets what was begun end, and throws the first failure', async () => {
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

  it('has nothing to do for nothing', async () => {
    await inParallel([], 3, () => Promise.reject(new Error('called')));
  });
});
