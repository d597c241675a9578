// What the judge of the stories hears: a rule that it can't see broken holds nothing.
import { expect } from 'chai';
import { createStore } from '../../../src/sandbox/clearml/store.ts';
import { firstContent } from '../../../src/sandbox/clearml/first-content.ts';
import { createCluster } from './cluster.ts';
import { createJudge, type Judge } from './judge.ts';
import { createOwnedClock } from './owned-clock.ts';
import { createTurns } from './turns.ts';

describe('the judge of the stories', () => {
  const store = createStore(firstContent(0, {}), undefined);

  function told(judge: Judge, ...lines: readonly (readonly [task: string, msg: string])[]): string | undefined {
    const bodies = lines.map(([task, msg]) => ({ task, msg }));
    judge.watch({ endpoint: 'events.add_batch', lines: bodies, answer: {}, before: undefined }, store);
    return judge.verdict;
  }

  it('hears every line of a call that carries those of several tasks', () => {
    const judge = createJudge({
      cluster: createCluster(createOwnedClock(0), createTurns()),
      isNeighbours: () => false,
      count: 1,
    });

    expect(told(judge, ['1', 'waits'], ['2', 'waits'])).to.equal(undefined);
    expect(told(judge, ['1', 'starts'], ['2', 'starts'])).to.equal(undefined);
    expect(told(judge, ['3', 'waits'], ['2', 'waits'])).to.equal(undefined);
    expect(told(judge, ['1', 'waits'], ['2', 'waits'])).to.equal('the console of task 2 is told twice: waits');
  });
});
