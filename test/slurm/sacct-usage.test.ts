// What accounting adds to the end of a job: who cancelled it, what it asked for, and the most memory that a step used.
import { expect } from 'chai';
import { readSacctUsage, sacctUsageArgs } from '../../src/slurm/sacct-usage.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { result } from './fixture.ts';

function answer(...rows: readonly (readonly string[])[]): string {
  return [['State', 'ReqMem', 'MaxRSS'], ...rows].map((row) => `${row.join('\x1f')}\n`).join('');
}

describe('the usage of an ended job', () => {
  it('is asked for with the steps, of the newest run only, in one unit', () => {
    const args = sacctUsageArgs('7' as JobId);

    expect(args).to.include.members(['--jobs=7', '--units=M']).and.not.include.members(['--allocations']);
    expect(args).not.to.include('--duplicates');
  });

  for (const [title, rows, expected] of [
    [
      'of Slurm 22.05.8, out of memory',
      [
        ['OUT_OF_MEMORY', '50M', ''],
        ['OUT_OF_MEMORY', '', '56.02M'],
      ],
      { cancelledByUid: undefined, peakMemory: '57M', memoryLimit: '50M' },
    ],
    [
      'of which the greatest step counts',
      [
        ['OUT_OF_MEMORY', '1.50G', ''],
        ['OUT_OF_MEMORY', '', '900M'],
        ['COMPLETED', '', '1536.00M'],
        ['COMPLETED', '', ''],
      ],
      { cancelledByUid: undefined, peakMemory: '1536M', memoryLimit: '1.50G' },
    ],
    [
      'of Slurm 20.11, which says for what the memory is',
      [['CANCELLED by 1000', '2Gc', '']],
      { cancelledByUid: '1000', peakMemory: undefined, memoryLimit: '2G a CPU' },
    ],
    [
      'of 20.11, for a node',
      [['CANCELLED', '50Mn', '']],
      { cancelledByUid: undefined, peakMemory: undefined, memoryLimit: '50M a node' },
    ],
    [
      'of a job without memory',
      [['CANCELLED by 0', '0', '']],
      { cancelledByUid: '0', peakMemory: undefined, memoryLimit: undefined },
    ],
    [
      'of a job that it does not know',
      [],
      { cancelledByUid: undefined, peakMemory: undefined, memoryLimit: undefined },
    ],
  ] as const) {
    it(`is read ${title}`, () => {
      expect(readSacctUsage(result({ stdout: answer(...rows) }))).to.deep.equal(expected);
    });
  }

  it('is none where the database gave no whole answer', () => {
    expect(readSacctUsage(result({ stdout: answer(['CANCELLED by 0', '', '']), stderr: 'sacct: error' }))).to.equal(
      undefined,
    );
  });
});
