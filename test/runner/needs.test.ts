// Tests that are chosen by words or files are set up with what they need, and nothing else.
import { expect } from 'chai';
import { needsOfFiles, readChoice } from './needs.mjs';

describe('what chosen tests need', () => {
  it('is nothing for in-process tests', () => {
    expect(needsOfFiles(['test/slurm/squeue.test.ts'])).to.deep.equal({ packages: [], agent: false, releases: false });
  });

  it('is Slurm and the agent, but no other release, for the first tier', () => {
    const needs = needsOfFiles(['test/e2e/first-job.test.ts']);

    expect(needs).to.include({ agent: true, releases: false });
    expect(needs.packages).to.include('slurmctld').and.not.to.include('mariadbd');
  });

  it('is what the imported utilities of the tests require', () => {
    expect(needsOfFiles(['test/e2e/several-nodes-in-containers.test.ts'])).to.include({ agent: true, releases: true });
  });

  it('is read from the files that have a chosen test', async () => {
    const specs = ['test/base/duration.test.ts', 'test/e2e/gate.test.ts'].flatMap((file) => ['--spec', file]);

    const { files, needs } = await readChoice([...specs, '-g', 'S-46']);

    expect(files).to.deep.equal(['test/e2e/gate.test.ts']);
    expect(needs.releases).to.equal(false);
  });
});
