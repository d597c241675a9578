// Tests that are chosen by words or files are set up with what they need, and nothing else.
import { expect } from 'chai';
import { needsOfFiles, readChoice } from './what-to-install.mjs';

describe('the list of programs to install', () => {
  it('is empty for tests that run in one process', () => {
    expect(needsOfFiles(['test/slurm/squeue.test.ts'])).to.deep.equal({ packages: [], agent: false, releases: false });
  });

  it('contains Slurm and clearml-agent, but no other Slurm release, for e2e/first-job.test.ts', () => {
    const needs = needsOfFiles(['test/e2e/first-job.test.ts']);

    expect(needs).to.include({ agent: true, releases: false });
    expect(needs.packages).to.include('slurmctld').and.not.to.include('mariadbd');
  });

  it('contains the programs that an imported test utility requires', () => {
    expect(needsOfFiles(['test/e2e/several-nodes-in-containers.test.ts'])).to.include({ agent: true, releases: true });
  });

  it('covers only the files that contain a test selected by -g', async () => {
    const specs = ['test/base/format-duration.test.ts', 'test/e2e/gate.test.ts'].flatMap((file) => ['--spec', file]);

    const { files, needs } = await readChoice([...specs, '-g', 'S-46']);

    expect(files).to.deep.equal(['test/e2e/gate.test.ts']);
    expect(needs.releases).to.equal(false);
  });
});
