// How many calls it takes to cancel many jobs.
import { expect } from 'chai';
import { scancelArgs } from '../../src/slurm/scancel.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';

describe('scancel', () => {
  it('S-39 is called once per 200 jobs, and names every job once', () => {
    const ids = Array.from({ length: 401 }, (_, index) => String(index + 1) as JobId);
    const calls = scancelArgs(ids);

    expect(calls.map((args) => args.length)).to.deep.equal([200, 200, 1]);
    expect(calls.flat()).to.deep.equal(ids);
  });

  it('is not called without jobs, because it would then read filters from elsewhere', () => {
    expect(scancelArgs([])).to.deep.equal([]);
  });
});
