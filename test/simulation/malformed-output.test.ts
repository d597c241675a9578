// Malformed answers of Slurm's commands: every task ends as it should all the same, once.
import { expect } from 'chai';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { planRound } from './schedule.ts';
import { playRound } from './round.ts';

const SEED = fuzzSeed(13);

describe("malformed answers of Slurm's commands", () => {
  it('S-62 lose no task, run none twice, and end none but as it should end', async () => {
    const wanted = fuzzCases(150);
    let served = 0;
    for (let round = 1; served < wanted; round += 1) {
      const plan = { ...planRound(SEED, round), malformedShare: round % 2 === 0 ? 0.9 : 0.3 } as const;
      const { verdict, malformed } = await playRound(plan);
      if (verdict !== undefined) expect.fail(`round ${round}: ${verdict.kind}: ${verdict.says}`);
      served += malformed;
    }
    expect(served).to.be.at.least(wanted);
  });
});
