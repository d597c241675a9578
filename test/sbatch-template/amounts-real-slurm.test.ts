// Gives amounts to real Slurm: an amount that a constraint accepts never means more to Slurm than the constraint allows.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAmount } from '../../src/base/slurm-amount.ts';
import { amountKindOf } from '../../src/sbatch-template/directives/sbatch-options.ts';
import { AMOUNT_OPTIONS } from '../fixtures/slurm/amount-spellings.ts';
import { parseGrantedAmount, startRichCluster, submitAmounts } from '../support/granted-amounts.ts';
import { requireSlurm } from '../support/skip-unless.ts';

const CASES = Number(process.env['FUZZ_CASES'] ?? 60);
const seed = Number(process.env['FUZZ_SEED'] ?? 13);

/** Without a database, Slurm does not report the number of GPUs: the recording has these. */
const OPTIONS = AMOUNT_OPTIONS.filter(({ fields }) => !fields.includes('gres/gpu'));

/** squeue prints sizes as numbers of 24 bits. */
const ROUNDING = 1 + 2 ** -23;

const part = fc.stringMatching(/^\d{1,3}$/);
const TEXTS = fc.oneof(
  fc.tuple(part, part, part, part).map(([days, hours, minutes, seconds]) => `${days}-${hours}:${minutes}:${seconds}`),
  fc.tuple(part, part).map((parts) => parts.join(':')),
  fc.tuple(part, part).map((parts) => parts.join('-')),
  fc
    .tuple(fc.nat({ max: 99_999_999 }), fc.constantFrom('', 'K', 'M', 'G', 'T', 'KB', 'b', 'k'))
    .map((parts) => parts.join('')),
  fc.stringMatching(/^[-+0-9:.kKmMgG ]{1,8}$/),
  ...OPTIONS.map(({ spellings }) => fc.constantFrom(...spellings)),
);

describe(`parseAmount (seed ${seed}, ${CASES} cases)`, () => {
  before(requireSlurm);

  it('never returns less than real Slurm grants for an sbatch option', async () => {
    await using cluster = await startRichCluster({});
    const cases = fc
      .sample(fc.record({ option: fc.constantFrom(...OPTIONS), spelling: TEXTS }), { numRuns: CASES * 20, seed })
      // An amount that the parser rejects is refused.
      .map((one) => ({ ...one, read: parseAmount(one.spelling, amountKindOf(one.option.option) ?? 'number') }))
      .filter(({ read }) => read !== undefined)
      .slice(0, CASES);

    const granted = await submitAmounts(cluster, cases);

    const made = cases.map(({ option }, index) => parseGrantedAmount(option, granted[index]));
    expect(made.filter((amount) => amount !== undefined).length).to.be.greaterThan(CASES / 4);
    for (const [index, { option, spelling, read }] of cases.entries()) {
      expect(made[index] ?? 0, `--${option.option}=${spelling}`).to.be.at.most((read?.most ?? NaN) * ROUNDING);
    }
  });
});
