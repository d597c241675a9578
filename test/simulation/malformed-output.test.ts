// Malformed output of Slurm's commands harms no task.
import { expect } from 'chai';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { planRound } from './schedule.ts';
import { playRound } from './round.ts';

const SEED = fuzzSeed(13);

describe("if the output of Slurm's commands is malformed, the daemon", () => {
  it('loses no task, runs no task twice, and gives no task a wrong final status (S-62)', async () => {
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
