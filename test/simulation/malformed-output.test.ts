// Malformed output of Slurm's commands harms no task.
import { expect } from 'chai';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { planRound } from './schedule.ts';
import { playRound } from './round.ts';

const SEED = fuzzSeed(13);

describe("the daemon with malformed output of Slurm's commands", () => {
  it('runs each task once and ends each task correctly (S-62)', async () => {
    const wanted = fuzzCases(150);
    let served = 0;
    for (let round = 1; served < wanted; round += 1) {
      const plan = { ...planRound(SEED, round), malformedShare: round % 2 === 0 ? 0.9 : 0.3 } as const;
      const { violation, malformed } = await playRound(plan);
      if (violation !== undefined) expect.fail(`round ${round}: ${violation.kind}: ${violation.says}`);
      served += malformed;
    }
    expect(served).to.be.at.least(wanted);
  });
});
