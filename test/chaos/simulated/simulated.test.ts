// Chaos on the simulation, for a moment: nothing lost, nothing twice, nothing wrong; and a round can be played again to the byte.
import { expect } from 'chai';
import { formatTally, isClean } from '../tally.ts';
import { FOUND } from './found.ts';
import { planRound } from './plan.ts';
import { playRound } from './round.ts';
import { hunt, runSimulated } from './run.ts';

describe('chaos with a simulated clock', () => {
  it('ends with zeros', async () => {
    const lines: string[] = [];
    const tally = await runSimulated({ seed: 11, seconds: 15, log: (line) => lines.push(line) });
    if (!isClean(tally)) throw new Error([...lines, formatTally(tally)].join('\n'));
  });

  it('plays the same round for the same seed and number', async () => {
    const once = await playRound(planRound(7, 3));
    const again = await playRound(planRound(7, 3));
    expect(again.trace).to.deep.equal(once.trace);
    expect(again.moves).to.equal(once.moves);
  });

  for (const found of FOUND) {
    it(`no more: ${found.title}`, async () => {
      expect(await hunt(found.hunt)).to.equal(undefined);
    });
  }
});
