// Every reason in the library of an installed Slurm is explained: the table is compared with the program, not with a list.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { explainReason } from '../../../src/slurm/reasons/explain-reason.ts';
import { ownSlurmVersion, SLURM_RELEASES, slurmRoot, type SlurmVersion } from '../../set-up/slurm-roots.mjs';
import { requireSlurmVersion } from '../../support/skip-unless.ts';
import { fixture } from '../recorded-output.ts';

/** The words of job_state_reason_string(), which the compiler leaves side by side in the library, from this one on. */
const FIRST = 'PartitionNodeLimit';
const LAST_OF_ALL = 'MaxEnergyPerAccount';

async function libraryOf(version: SlurmVersion): Promise<Buffer> {
  const root = version === (await ownSlurmVersion()) ? '/' : slurmRoot(version);
  const libraries = join(root, 'usr/lib');
  const found = readdirSync(libraries)
    .filter((name) => name.endsWith('-linux-gnu'))
    .flatMap((name) => {
      const folder = join(libraries, name, 'slurm-wlm');
      return readdirSync(join(libraries, name)).includes('slurm-wlm') ? [join(folder, 'libslurmfull.so')] : [];
    });
  expect(found, libraries).to.have.length(1);
  return readFileSync(found[0] ?? '');
}

/** Capital and small letters: the next table begins with words in capitals, or with none. */
function readWords(library: Buffer): string[] {
  const texts = library.toString('latin1').split('\0');
  const words = texts.slice(texts.indexOf(FIRST));
  const end = words.findIndex((word) => !/^[A-Z]\w*[a-z]\w*$/.test(word));
  return words.slice(0, end);
}

describe('explainReason on Slurm', () => {
  for (const { version } of SLURM_RELEASES) {
    describe(version, () => {
      before(requireSlurmVersion(version));

      it('explains every reason in the library libslurmfull.so', async () => {
        const words = readWords(await libraryOf(version));

        expect(words).to.have.length.above(150).and.to.include(LAST_OF_ALL);
        expect(words.filter((word) => explainReason(word).explanation.includes(word))).to.deep.equal([]);
        expect(words.filter((word) => !fixture('reasons.txt').includes(`${word}\n`))).to.deep.equal([]);
      });
    });
  }
});
