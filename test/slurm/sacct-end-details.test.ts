// What accounting adds at the end of a job: who cancelled it, its memory limit, and the peak memory of its steps.
import { expect } from 'chai';
import { parseSacctUsage, sacctUsageArgs } from '../../src/slurm/sacct-end-details.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { result } from './recorded-output.ts';

function answer(...rows: readonly (readonly string[])[]): string {
  return [['State', 'ReqMem', 'MaxRSS'], ...rows].map((row) => `${row.join('\x1f')}\n`).join('');
}

describe("the query of an ended job's memory usage", () => {
  it('requests only the newest run of the job and its steps, with sizes in megabytes', () => {
    const args = sacctUsageArgs('7' as JobId);

    expect(args).to.include.members(['--jobs=7', '--units=M']).and.not.include.members(['--allocations']);
    expect(args).not.to.include('--duplicates');
  });

  for (const [title, rows, expected] of [
    [
      'returns peak memory and memory limit of an OUT_OF_MEMORY job of Slurm 22.05.8',
      [
        ['OUT_OF_MEMORY', '50M', ''],
        ['OUT_OF_MEMORY', '', '56.02M'],
      ],
      { cancelledByUid: undefined, peakMemory: '57M', memoryLimit: '50M' },
    ],
    [
      'returns the peak memory of the largest step',
      [
        ['OUT_OF_MEMORY', '1.50G', ''],
        ['OUT_OF_MEMORY', '', '900M'],
        ['COMPLETED', '', '1536.00M'],
        ['COMPLETED', '', ''],
      ],
      { cancelledByUid: undefined, peakMemory: '1536M', memoryLimit: '1.50G' },
    ],
    [
      'returns a memory limit for each CPU, as Slurm 20.11 prints it',
      [['CANCELLED by 1000', '2Gc', '']],
      { cancelledByUid: '1000', peakMemory: undefined, memoryLimit: '2G per CPU' },
    ],
    [
      'returns a memory limit for each node, as Slurm 20.11 prints it',
      [['CANCELLED', '50Mn', '']],
      { cancelledByUid: undefined, peakMemory: undefined, memoryLimit: '50M per node' },
    ],
    [
      'returns no memory limit for a job without one',
      [['CANCELLED by 0', '0', '']],
      { cancelledByUid: '0', peakMemory: undefined, memoryLimit: undefined },
    ],
    [
      'returns no values for an unknown job',
      [],
      { cancelledByUid: undefined, peakMemory: undefined, memoryLimit: undefined },
    ],
  ] as const) {
    it(title, () => {
      expect(parseSacctUsage(result({ stdout: answer(...rows) }))).to.deep.equal(expected);
    });
  }

  it('returns undefined if sacct reports an error', () => {
    expect(parseSacctUsage(result({ stdout: answer(['CANCELLED by 0', '', '']), stderr: 'sacct: error' }))).to.equal(
      undefined,
    );
  });
});
