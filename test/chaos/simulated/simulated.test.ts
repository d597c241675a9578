// Chaos on the simulation, for a moment: nothing lost, nothing twice, nothing wrong; and a round can be played again to the byte.
import { expect } from 'chai';
import { formatTally, isClean } from '../tally.ts';
import { planRound, type RoundPlan } from './plan.ts';
import { playRound } from './round.ts';
import { hunt, runSimulated } from './run.ts';

const EASY = { daemons: 1, tasks: 12, calmness: 20, jobLimit: Infinity, hasSlowCalls: false, isLazy: true } as const;

/** Trouble in which rounds once ended badly. */
const FOUND: readonly { readonly title: string; readonly rounds: Partial<RoundPlan> }[] = [
  {
    title: 'of two jobs of one submission both were cancelled when the extra one had started meanwhile',
    rounds: { kinds: ['sbatch is doubled', 'sbatch is in flight'] },
  },
  {
    title: 'a task was stopped for the end of an extra job, which accounting knew while the other was forgotten',
    rounds: { kinds: ['sbatch is doubled', 'controller crashes'], hasAccounting: true },
  },
];

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

  for (const { title, rounds } of FOUND) {
    it(`no more: ${title}`, async () => {
      expect(await hunt({ seed: 5, rounds: 5, same: { ...EASY, diesForGood: false, ...rounds } })).to.equal(undefined);
    });
  }
});
