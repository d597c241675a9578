// The exit codes of the job script, and those that stand for a signal.
import { expect } from 'chai';
import { findJobExit, JOB_EXIT_CODES, findExitSignal } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';

const rows = Object.entries(JOB_EXIT_CODES);

describe("the table of a job's exit codes", () => {
  it('contains no code twice', () => {
    expect(new Set(rows.map(([, { code }]) => code)).size).to.equal(rows.length);
  });

  for (const [name, row] of rows) {
    it(`gives ${name} a code that neither bash (126 to 165) nor the agent (from 241) uses`, () => {
      expect(row.code).to.be.within(200, 230);
    });

    it(`finds the row of ${name} by its code`, () => {
      expect(findJobExit(row.code)).to.equal(row);
    });

    it(`describes the error and the remedy of ${name} in whole sentences`, () => {
      expect(row.meaning).to.match(/^[a-z].*\.$/);
      expect(row.advice).to.match(/^[A-Z].*\.$/);
    });
  }

  it('contains none of the codes 0, 1, 143, 200 and 255', () => {
    for (const code of [0, 1, 143, 200, 255]) expect(findJobExit(code)).to.equal(undefined);
  });
});

describe('findExitSignal', () => {
  for (const [code, signal] of [
    [137, 'SIGKILL'],
    [247, 'SIGKILL'],
    [143, 'SIGTERM'],
    [241, 'SIGTERM'],
    [0, undefined],
    [1, undefined],
    [9, undefined],
    [128, undefined],
    [255, undefined],
  ] as const)
    it(`returns ${signal ?? 'no signal'} for exit code ${code}`, () => {
      expect(findExitSignal(code)).to.equal(signal);
    });
});
