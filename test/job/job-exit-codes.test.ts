// The table of the exit codes of the job script.
import { expect } from 'chai';
import { findJobExit, JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';

const rows = Object.entries(JOB_EXIT_CODES);

describe('the exit codes of a job', () => {
  it('are unique', () => {
    expect(new Set(rows.map(([, { code }]) => code)).size).to.equal(rows.length);
  });

  for (const [name, row] of rows) {
    it(`${name} is used neither by bash, 126 to 165, nor by the agent, from 241 on`, () => {
      expect(row.code).to.be.within(200, 230);
    });

    it(`${name} is found by its code`, () => {
      expect(findJobExit(row.code)).to.equal(row);
    });

    it(`${name} describes the error and the remedy in whole sentences`, () => {
      expect(row.says).to.match(/^[a-z].*\.$/);
      expect(row.advice).to.match(/^[A-Z].*\.$/);
    });
  }

  it('do not include other codes', () => {
    for (const code of [0, 1, 143, 200, 255]) expect(findJobExit(code)).to.equal(undefined);
  });
});
