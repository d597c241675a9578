// Chaos on the simulation, for a moment: nothing lost, nothing twice, nothing wrong; and a round can be played again to the byte.
import { expect } from 'chai';
import { formatTally, isClean } from '../tally.ts';
import { planRound } from './plan.ts';
import { playRound } from './round.ts';
import { formatStory, runSimulated } from './run.ts';

/** Rounds that once ended badly, by seed and number. */
const FOUND: readonly (readonly [seed: number, round: number])[] = [];

describe('chaos with a simulated clock', function () {
  this.timeout(120_000);

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

  for (const [seed, round] of FOUND) {
    it(`round ${round} of seed ${seed} ends well`, async () => {
      const plan = planRound(seed, round);
      const result = await playRound(plan);
      if (result.verdict !== undefined) throw new Error(formatStory(plan, result));
    });
  }
});
