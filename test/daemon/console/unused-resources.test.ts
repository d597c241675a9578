// Tests the console line for a task that used far less than it requested.
import { expect } from 'chai';
import { CONSOLE_COLUMNS, breakLines } from '../../../src/daemon/console/write-to-console.ts';
import { describeUnused } from '../../../src/daemon/console/unused-resources.ts';
import type { EndedAttempt } from '../../../src/history/ended-attempt.ts';
import { ATTEMPT } from '../../history/attempts.ts';

const GB = 1024;

/** An hour that used all of its request. */
const BUSY: EndedAttempt = {
  ...ATTEMPT,
  elapsedSec: 3_600,
  timeLimitSec: 7_200,
  cpus: 16,
  cpuSec: 16 * 3_600,
  usedCpuSec: 15 * 3_600,
  memoryMb: 64 * GB,
  usedMemoryMb: 60 * GB,
};

describe('the console line about unused resources', () => {
  it('is absent if the task used all resources that it requested', () => {
    expect(describeUnused(BUSY)).to.equal(undefined);
  });

  it('names the used and the requested memory', () => {
    expect(describeUnused({ ...BUSY, usedMemoryMb: 3.1 * GB })).to.equal(
      'Slurm job 4711 used 3.1 of 64 GB of memory. Lower --mem: a smaller job usually starts sooner.',
    );
  });

  it('names unused memory, cores and time in lines of at most 110 columns', () => {
    const text = describeUnused({
      ...BUSY,
      usedMemoryMb: 3.1 * GB,
      usedCpuSec: 1.25 * 3_600,
      timeLimitSec: 5 * 86_400,
    });
    expect(text).to.equal(
      'Slurm job 4711 used 3.1 of 64 GB of memory, 1.3 of 16 cores and 60 min of its time limit of 5 days. Lower --mem, --cpus-per-task and --time: a smaller job usually starts sooner.',
    );
    for (const line of breakLines(text ?? '').split('\n')) expect(line.length).to.be.at.most(CONSOLE_COLUMNS);
  });

  for (const [title, change] of [
    ['the used memory was not measured', { usedMemoryMb: undefined }],
    ['the job has no memory limit', { usedMemoryMb: 1, memoryMb: undefined }],
    ['the job requested only 4 GB of memory', { usedMemoryMb: 100, memoryMb: 4 * GB }],
    ['the used CPU time was not measured', { usedCpuSec: undefined }],
    ['the job has only two cores', { cpus: 2, cpuSec: 7_200, usedCpuSec: 10 }],
    ['the job has no time limit', { timeLimitSec: undefined }],
    [
      'the time limit of the job is only two hours',
      { timeLimitSec: 7_200, elapsedSec: 100, cpuSec: 1_600, usedCpuSec: 1_500 },
    ],
    ['the task ran for only 30 seconds', { elapsedSec: 30, usedMemoryMb: 1 }],
    ['the task did not complete', { cause: 'failed', usedMemoryMb: 1 }],
  ] as const satisfies readonly (readonly [string, Partial<EndedAttempt>])[]) {
    it(`is absent if ${title}`, () => {
      expect(describeUnused({ ...BUSY, ...change })).to.equal(undefined);
    });
  }
});
