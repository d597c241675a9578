// Compares the parser with recordings of how four releases of Slurm read each spelling of an amount: it never reads less.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { limitKind, parseAmount, parseLimit } from '../../src/base/slurm-amount.ts';
import { amountKindOf } from '../../src/sbatch-template/directives/sbatch-options.ts';
import { isWithin } from '../../src/sbatch-template/placeholders/check-property-constraints.ts';
import { AMOUNT_OPTIONS } from '../fixtures/slurm/amount-spellings.ts';
import { SLURM_RELEASES, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { parseGrantedAmount } from '../support/granted-amounts.ts';

type Recording = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

function recordingOf(version: SlurmVersion): Recording {
  const file = new URL(`../fixtures/slurm/amounts/${version}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}

/** From the lowest amount to more than Slurm can store, in each unit. */
const LIMITS = {
  duration: ['1', '8', '120', '1-00:00:00', '366-0', '24855-3', '999999999', 'UNLIMITED'],
  memory: ['1', '8', '64000', '64G', '1T', '99999999999'],
  other: ['1', '4', '8', '1000', '65535', '4294967296', '99999999999999999999'],
};

/** In a list, some releases count only the last GRES of a name, and some read a type without a count as zero. */
const ONE_COUNT = /^(?:gpu:)?(?:[ah]100:)?\d+$/;

for (const { version } of SLURM_RELEASES) {
  describe('the amount check', () => {
    const recording = recordingOf(version);

    for (const option of AMOUNT_OPTIONS) {
      const kind = amountKindOf(option.option) ?? 'number';
      const spellings = option.spellings.map((spelling) => ({
        spelling,
        made: parseGrantedAmount(option, recording[option.option]?.[`=${spelling}`]),
      }));

      it(`never reads a --${option.option} value as less than Slurm ${version} grants`, () => {
        const read = spellings.filter(({ spelling }) => parseAmount(spelling, kind) !== undefined);
        expect(read.filter(({ made }) => made !== undefined).length).to.be.greaterThan(4);
        for (const { spelling, made } of read) {
          const most = parseAmount(spelling, kind)?.most ?? NaN;
          if (made === undefined) continue;
          expect(made, spelling).to.be.at.most(most);
          const isList = kind === 'gres' || kind === 'gpus';
          // For --tmp and --time-min, zero is none.
          const isNone = made === 0 && most === Infinity;
          if (!isNone && (!isList || ONE_COUNT.test(spelling))) expect(made, spelling).to.equal(most);
        }
      });

      it(`rejects a --${option.option} value if Slurm ${version} would grant more than the queue's maximum`, () => {
        const limits = kind === 'duration' || kind === 'memory' ? LIMITS[kind] : LIMITS.other;
        const whole = { option: { name: option.option, before: '', after: '' } };
        for (const most of limits) {
          const limit = { kind: limitKind(most) ?? 'number', least: undefined, most, values: undefined };
          for (const { spelling, made } of spellings) {
            if (!isWithin(spelling, limit, whole)) continue;
            expect(spelling, `at most ${most}`)
              .to.match(/[1-9a-z]/i)
              .and.not.match(/^-/);
            if (made === undefined) continue;
            expect(made, `${spelling}, at most ${most}`).to.be.at.most(parseLimit(most, kind) ?? NaN);
          }
        }
      });
    }
  });
}
