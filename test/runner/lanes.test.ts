// Every test runs in exactly one lane, and the first tier needs nothing that only the second prepares.
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { LANES, lanesOf, testFiles } from './lanes.mjs';

/** What takes minutes to be set up: other releases of Slurm with Apptainer, a database, a registry, a compiler, PyTorch. */
const OF_SECOND_TIER =
  /\b(requireSlurmVersion|requireAccounting|requireMemoryLimits|requireRegistry|requireCompiler|requireTorch)\b/;

/** What uses the root of another release of Slurm, or PyTorch, which is installed at the same time. */
const OF_RELEASES = /\b(requireSlurmVersion|enterRoot|requireTorch)\b/;

describe('the plan of test lanes', () => {
  it('assigns each test file to exactly one lane', () => {
    const files = testFiles();

    expect(files).to.have.length.above(200);
    for (const file of files) expect(lanesOf(file), file).to.have.length(1);
  });

  it('names only existing files and directories, and leaves no lane empty', () => {
    for (const { places } of LANES) for (const place of places) expect(existsSync(place), place).to.equal(true);
    const full = new Set(testFiles().flatMap(lanesOf));

    expect([...full]).to.have.members([...LANES]);
  });

  it('puts no test that needs another Slurm release, accounting or PyTorch into the first tier', () => {
    const first = testFiles().filter((file) => lanesOf(file).some(({ tier }) => tier === 'first'));
    const asking = first.filter((file) => file !== 'test/runner/lanes.test.ts');

    expect(asking.filter((file) => OF_SECOND_TIER.test(readFileSync(file, 'utf8')))).to.deep.equal([]);
  });

  it('puts no test that requires an installed program into the in-memory lane', () => {
    const inMemory = testFiles().filter((file) => lanesOf(file).some(({ isInMemory }) => isInMemory === true));

    expect(inMemory.filter((file) => readFileSync(file, 'utf8').includes('/skip-unless.ts'))).to.deep.equal([]);
  });

  it('starts tests that need another Slurm release or PyTorch only after the installation', () => {
    const early = testFiles().filter((file) => lanesOf(file).some(({ needsReleases }) => needsReleases !== true));
    const asking = early.filter((file) => file !== 'test/runner/lanes.test.ts');

    expect(asking.filter((file) => OF_RELEASES.test(readFileSync(file, 'utf8')))).to.deep.equal([]);
  });
});
