// Tests which exit codes stand for a signal.
import { expect } from 'chai';
import { findExitSignal } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';

describe('the signal that an exit code stands for', () => {
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
    it(`is ${signal ?? 'unknown'} for ${code}`, () => {
      expect(findExitSignal(code)).to.equal(signal);
    });
});
