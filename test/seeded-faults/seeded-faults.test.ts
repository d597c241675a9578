// Planted bugs: chaos must find each of them within a few rounds, and must find nothing in the same rounds without it.
import { expect } from 'chai';
import { findBadRound, type Search } from '../simulation/rounds.ts';
import { BUGS, type Bug } from './faults.ts';
import { plant } from './seed-fault.ts';

const SEED = 5;
const ROUNDS = 12;
const EASY = {
  daemons: 1,
  tasks: 12,
  calmness: 30,
  jobLimit: Infinity,
  hasSlowCalls: false,
  diesForGood: false,
} as const;

function huntOf({ rounds }: Bug): Search {
  return { seed: SEED, rounds: ROUNDS, same: { ...EASY, ...rounds } };
}

describe('chaos notices a planted bug:', () => {
  for (const bug of BUGS) {
    it(bug.title, async () => {
      const planted = await plant(bug.edits);
      try {
        const run = (await import(`${planted.folder}/test/simulation/rounds.ts`)) as {
          findBadRound: typeof findBadRound;
        };
        expect(await run.findBadRound(huntOf(bug)), 'what chaos says').to.be.a('string');
      } finally {
        await planted.remove();
      }
    });
  }

  it('and nothing where there is none', async () => {
    for (const bug of BUGS) expect(await findBadRound({ ...huntOf(bug), rounds: 2 }), bug.title).to.equal(undefined);
  });
});
