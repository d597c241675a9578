// The exit codes of the job script, and those that stand for a signal.
import { expect } from 'chai';
import { findJobExit, JOB_EXIT_CODES, findExitSignal } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';

const rows = Object.entries(JOB_EXIT_CODES);

describe("the table of a job's exit codes", () => {
  it('contains no exit code twice', () => {
    expect(new Set(rows.map(([, { code }]) => code)).size).to.equal(rows.length);
  });

  for (const [name, row] of rows) {
    it(`lists "${name}" with an exit code from 200 to 230`, () => {
      expect(row.code).to.be.within(200, 230);
    });

    it(`lists "${name}" under exit code ${row.code}`, () => {
      expect(findJobExit(row.code)).to.equal(row);
    });

    it(`states the error and the remedy of "${name}" in sentences`, () => {
      expect(row.meaning).to.match(/^[a-z].*\.$/);
      expect(row.advice).to.match(/^[A-Z].*\.$/);
    });
  }

  it('contains no exit code 0, 1, 143, 200 or 255', () => {
    for (const code of [0, 1, 143, 200, 255]) expect(findJobExit(code)).to.equal(undefined);
  });
});

describe('findExitSignal (the signal behind an exit code)', () => {
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
