// What accounting adds at the end of a job: who cancelled it, its memory limit, and the peak memory of its steps.
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.ts';
import { createAccountingQueries } from '../../src/slurm/query-accounting.ts';
import { parseSacctUsage, sacctUsageArgs } from '../../src/slurm/sacct-end-details.ts';
import type { ClusterFacts, JobId } from '../../src/slurm/scheduler.ts';
import { processorMs } from '../support/processor-time.ts';
import { silentLog } from '../support/silent-log.ts';
import { result } from './recorded-output.ts';

const FACTS: ClusterFacts = {
  clusterName: 'c1',
  version: '24.11.0',
  minJobAgeMs: 300_000,
  messageTimeoutMs: 10_000,
  hasAccounting: true,
};

function answer(...rows: readonly (readonly string[])[]): string {
  return [['JobIDRaw', 'State', 'ReqMem', 'MaxRSS'], ...rows].map((row) => `${row.join('\x1f')}\n`).join('');
}

describe("the sacct query for an ended job's memory", () => {
  it('requests all steps of the newest run of each job, in megabytes', () => {
    const args = sacctUsageArgs(['7' as JobId, '8' as JobId]);

    expect(args).to.include.members(['--jobs=7,8', '--units=M']).and.not.include.members(['--allocations']);
    expect(args).not.to.include('--duplicates');
  });

  for (const [title, rows, expected] of [
    [
      'returns the peak memory and the memory limit of an OUT_OF_MEMORY job',
      [
        ['7', 'OUT_OF_MEMORY', '50M', ''],
        ['7.batch', 'OUT_OF_MEMORY', '', '56.02M'],
      ],
      { cancelledByUid: undefined, peakMemory: '57M', memoryLimit: '50M' },
    ],
    [
      'returns the peak memory of the largest step',
      [
        ['7', 'OUT_OF_MEMORY', '1.50G', ''],
        ['7.batch', 'OUT_OF_MEMORY', '', '900M'],
        ['7.0', 'COMPLETED', '', '1536.00M'],
        ['7.1', 'COMPLETED', '', ''],
      ],
      { cancelledByUid: undefined, peakMemory: '1536M', memoryLimit: '1.50G' },
    ],
    [
      'reads ReqMem 2Gc of Slurm 20.11 as 2G per CPU',
      [['7', 'CANCELLED by 1000', '2Gc', '']],
      { cancelledByUid: '1000', peakMemory: undefined, memoryLimit: '2G per CPU' },
    ],
    [
      'reads ReqMem 50Mn of Slurm 20.11 as 50M per node',
      [['7', 'CANCELLED', '50Mn', '']],
      { cancelledByUid: undefined, peakMemory: undefined, memoryLimit: '50M per node' },
    ],
    [
      'reads ReqMem 0 as no memory limit',
      [['7', 'CANCELLED by 0', '0', '']],
      { cancelledByUid: '0', peakMemory: undefined, memoryLimit: undefined },
    ],
    ['returns nothing for an unknown job', [], undefined],
  ] as const) {
    it(title, () => {
      expect(parseSacctUsage(result({ stdout: answer(...rows) })).get('7' as JobId)).to.deep.equal(expected);
    });
  }

  it('assigns each step to the right job', () => {
    const rows = [
      ['7', 'CANCELLED by 0', '', ''],
      ['7.batch', 'CANCELLED', '', '5M'],
      ['8', 'OUT_OF_MEMORY', '50M', ''],
      ['8.batch', 'OUT_OF_MEMORY', '', '60M'],
    ];

    expect([...parseSacctUsage(result({ stdout: answer(...rows) }))]).to.deep.equal([
      ['7', { cancelledByUid: '0', peakMemory: '5M', memoryLimit: undefined }],
      ['8', { cancelledByUid: undefined, peakMemory: '60M', memoryLimit: '50M' }],
    ]);
  });

  it('returns nothing if sacct reports an error', () => {
    const reply = { stdout: answer(['7', 'CANCELLED by 0', '', '']), stderr: 'sacct: error' };
    expect(parseSacctUsage(result(reply))).to.have.property('size', 0);
  });

  it('reads a job with 40,000 steps in less than a second of CPU time', async () => {
    // MaxStepCount in slurm.conf(5).
    const steps = Array.from({ length: 40_000 }, (_, index) => [`7.${index}`, 'COMPLETED', '', '1M'] as const);
    const stdout = answer(['7', 'OUT_OF_MEMORY', '50M', ''], ...steps);
    let peak: string | undefined;
    const tookMs = await processorMs(() => {
      for (let jobs = 0; jobs < 2; jobs += 1) peak = parseSacctUsage(result({ stdout })).get('7' as JobId)?.peakMemory;
    });
    expect(peak).to.equal('1M');
    expect(tookMs).to.be.lessThan(2_000);
  });

  it("ignores bob's job in the output of a sacct that runs as alice", async () => {
    const outputs = new Map([
      ['alice', answer(['7', 'CANCELLED by 1001', '50M', ''], ['8', 'CANCELLED by 0', '1M', ''])],
      ['bob', answer(['8', 'CANCELLED by 1002', '50M', ''])],
    ]);
    const { endDetails } = createAccountingQueries({
      sacct: (_, { runAs = '' }) => Promise.resolve(result({ stdout: outputs.get(runAs) ?? '' })),
      facts: () => Promise.resolve(FACTS),
      nameUser: (uid) => Promise.resolve(`uid ${uid}`),
      log: silentLog,
      now: () => 0,
      clock: systemClock,
    });
    for (const users of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ]) {
      const jobs = users.map((unixUser) => ({ id: (unixUser === 'bob' ? '8' : '7') as JobId, name: 'x', unixUser }));
      const details = await endDetails(jobs);
      expect(details.get('8' as JobId)?.cancelledBy).to.equal('uid 1002');
    }
  });
});
