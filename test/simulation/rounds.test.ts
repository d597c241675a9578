// Chaos on the simulation, for a moment: nothing lost, nothing twice, nothing wrong; and a round can be played again to the byte.
import { expect } from 'chai';
import { formatTally, isClean } from '../chaos/tally.ts';
import { FOUND } from './pinned-rounds.ts';
import { planRound } from './plan.ts';
import { playRound } from './round.ts';
import { findBadRound, runSimulated } from './run.ts';

describe('chaos with a simulated clock', () => {
  it('ends with zeros', async () => {
    const lines: string[] = [];
    // So many tasks, not so many seconds: on any machine the same rounds.
    const tally = await runSimulated({ seed: 11, tasks: 500, log: (line) => lines.push(line) });
    if (!isClean(tally)) throw new Error([...lines, formatTally(tally)].join('\n'));
  });

  it('begins with the round that it is told to', async () => {
    const { tasks } = planRound(7, 3);
    const tally = await runSimulated({ seed: 7, firstRound: 3, tasks, log: () => undefined });
    expect(tally).to.deep.include({ rounds: 1, tasks });
    expect(tasks).to.be.below(planRound(7, 1).tasks);
  });

  it('plays the same round for the same seed and number', async () => {
    const once = await playRound(planRound(7, 3));
    const again = await playRound(planRound(7, 3));
    expect(again.trace).to.deep.equal(once.trace);
    expect(again.moves).to.equal(once.moves);
  });

  for (const found of FOUND) {
    it(`no more: ${found.title}`, async () => {
      expect(await findBadRound(found.hunt)).to.equal(undefined);
    });
  }
});
