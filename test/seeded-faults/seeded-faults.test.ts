// The oracle of the simulation finds each seeded fault within a few rounds, and finds nothing in the same rounds without it.
import { expect } from 'chai';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBadRound, type Search } from '../simulation/rounds.ts';
import { applyEdits } from '../support/source-edits.ts';
import { SEEDED_FAULTS, type SeededFault } from './faults.ts';

const PROJECT = new URL('../..', import.meta.url).pathname;
/** What the simulation loads. */
const COPIED = [
  'src',
  'templates',
  'package.json',
  'tsconfig.json',
  'test/simulation',
  'test/support/random.ts',
  'test/support/silent-log.ts',
  'test/chaos/tally.ts',
];
const SEED = 5;
const ROUNDS = 12;
const EASY = {
  daemons: 1,
  tasks: 12,
  movesPerFault: 30,
  jobLimit: Infinity,
  hasSlowCalls: false,
  diesForGood: false,
} as const;

describe('the oracle', () => {
  for (const fault of SEEDED_FAULTS) {
    it(`finds a seeded fault: ${fault.title}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'seeded-fault-'));
      try {
        await Promise.all(COPIED.map((path) => cp(join(PROJECT, path), join(folder, path), { recursive: true })));
        await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
        await applyEdits(folder, fault.edits);
        const copy = (await import(`${folder}/test/simulation/rounds.ts`)) as { findBadRound: typeof findBadRound };
        expect(await copy.findBadRound(searchFor(fault)), 'what the oracle finds').to.be.a('string');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  it('finds nothing without a seeded fault', async () => {
    for (const fault of SEEDED_FAULTS)
      expect(await findBadRound({ ...searchFor(fault), rounds: 2 }), fault.title).to.equal(undefined);
  });
});

function searchFor({ rounds }: SeededFault): Search {
  return { seed: SEED, rounds: ROUNDS, same: { ...EASY, ...rounds } };
}
