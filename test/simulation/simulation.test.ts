// The simulated world under faults: short scenarios, rounds with many tasks, and pinned ones that failed before.
import { expect } from 'chai';
import fc from 'fast-check';
import { formatTally, isClean } from '../chaos/tally.ts';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { PINNED_ROUNDS } from './pinned-rounds.ts';
import { PINNED_SCENARIOS } from './pinned-scenarios.ts';
import { formatScenario, playRound, playScenario } from './round.ts';
import { findBadRound, playRounds } from './rounds.ts';
import { anyScenario, planRound, type Scenario } from './schedule.ts';

/** Always the same few; others and more by hand, e.g. FUZZ_CASES=20000 FUZZ_SEED=2. */
const RUNS = fuzzCases(250);
const SEED = fuzzSeed(1);

describe('the simulation of short scenarios with faults', function () {
  this.timeout(Math.max(900_000, RUNS * 2_000));

  for (const { title, most } of [
    {
      title: 'finds no lost, repeated or wrongly ended task with one daemon (D-01)',
      most: { faults: 5, daemons: 1 },
    },
    {
      title: 'finds no lost, repeated or wrongly ended task with two daemons (D-09)',
      most: { faults: 5, daemons: 2 },
    },
  ] as const) {
    it(title, async () => {
      const check = await fc.check(
        fc.asyncProperty(anyScenario(most), async (scenario) => (await playScenario(scenario)).violation === undefined),
        { numRuns: RUNS, seed: SEED },
      );
      if (check.counterexample !== null) await expectGoodEnd(check.counterexample[0]);
    });
  }
});

describe('a regression scenario of the simulation:', () => {
  for (const { title, scenario } of PINNED_SCENARIOS) it(title, () => expectGoodEnd(scenario));
});

describe('a simulated round with many tasks and faults', () => {
  it('runs each task once and ends each task correctly', async () => {
    const lines: string[] = [];
    // So many tasks, not so many seconds: on any machine the same rounds.
    const tally = await playRounds({ seed: 11, tasks: 500, log: (line) => lines.push(line) });
    if (!isClean(tally)) throw new Error([...lines, formatTally(tally)].join('\n'));
  });

  it('can be selected with --round', async () => {
    const { tasks } = planRound(7, 3);
    const tally = await playRounds({ seed: 7, firstRound: 3, tasks, log: () => undefined });
    expect(tally).to.deep.include({ rounds: 1, tasks });
    expect(tasks).to.be.below(planRound(7, 1).tasks);
  });

  it('is repeated exactly for the same seed and round number', async () => {
    const once = await playRound(planRound(7, 3));
    const again = await playRound(planRound(7, 3));
    expect(again.trace).to.deep.equal(once.trace);
    expect(again.moves).to.equal(once.moves);
  });
});

describe('a regression round of the simulation', () => {
  for (const { title, search } of PINNED_ROUNDS) {
    it(`passes although ${title}`, async () => {
      expect(await findBadRound(search)).to.equal(undefined);
    });
  }
});

async function expectGoodEnd(scenario: Scenario): Promise<void> {
  const result = await playScenario(scenario);
  if (result.violation !== undefined) throw new Error(formatScenario(scenario, result));
}
