// Tests what a report counts, and that what is unknown never counts as zero.
import { expect } from 'chai';
import type { EndedAttempt } from '../../src/history/ended-attempt.ts';
import { createUsageSum, type UsageReport, type UsageKey, type UsageRow } from '../../src/history/sum-usage.ts';
import { ATTEMPT } from './attempts.ts';

function report(by: UsageKey, ...attempts: readonly Partial<EndedAttempt>[]): UsageReport {
  const builder = createUsageSum(by);
  for (const change of attempts) builder.add({ ...ATTEMPT, ...change });
  return builder.finish();
}

const totalOf = (...attempts: readonly Partial<EndedAttempt>[]): UsageRow => report('user', ...attempts).total;

describe('the usage report', () => {
  it('adds up the hours of each user, and counts completed and failed tasks separately', () => {
    const { rows, total } = report(
      'user',
      {},
      { cause: 'failed', nodeSec: 3_600, cpuSec: 3_600, gpuSec: 0, waitSec: 20 },
      { userId: 'b', userName: 'Bob', gpuSec: 36_000 },
    );

    expect(rows.map(({ name, tasks, gpuHours }) => [name, tasks, gpuHours])).to.deep.equal([
      ['Bob', 1, 10],
      ['Ada', 2, 4],
    ]);
    expect(rows[1]).to.deep.include({ nodeHours: 3, cpuHours: 9, causes: { completed: 1, failed: 1 } });
    expect(total).to.deep.include({ tasks: 3, jobs: 3, accounted: 3, gpuHours: 14, nodeHours: 5 });
  });

  it('shows the median and 90th percentile of the waiting times, without jobs that never started', () => {
    const waits = Array.from({ length: 10 }, (_, index) => ({ waitSec: index + 1, job: String(index) }));
    expect(totalOf(...waits.toReversed(), { startedAt: undefined, waitSec: 999 }).wait).to.deep.equal({
      median: 5,
      p90: 9,
    });
    expect(totalOf({}).queueWait).to.deep.equal({ median: 400, p90: 400 });
  });

  it('computes CPU and memory efficiency as seff(1) does, weighted by allocation', () => {
    const job = { cpuSec: 4_000, usedCpuSec: 1_000, elapsedSec: 1_000, memoryMb: 1_000, usedMemoryMb: 100 };
    expect(totalOf(job)).to.include({ cpuEfficiency: 0.25, memoryEfficiency: 0.1 });
    expect(totalOf(job, { ...job, cpuSec: 12_000, usedCpuSec: 12_000, usedMemoryMb: 300 })).to.include({
      cpuEfficiency: 13_000 / 16_000,
      memoryEfficiency: 0.2,
    });
  });

  it('does not count unknown values as zero', () => {
    const unknown = {
      ...Object.fromEntries(Object.keys(ATTEMPT).map((key) => [key, undefined])),
      task: ATTEMPT.task,
      recordedAt: 0,
      cluster: 'lab',
      queue: 'gpu',
      cause: 'completed',
      job: '1',
    } as const;
    expect(totalOf(unknown)).to.deep.equal({
      name: undefined,
      id: undefined,
      tasks: 1,
      jobs: 1,
      accounted: 0,
      nodeHours: undefined,
      cpuHours: undefined,
      gpuHours: undefined,
      wait: undefined,
      queueWait: undefined,
      cpuEfficiency: undefined,
      memoryEfficiency: undefined,
      causes: { completed: 1 },
    });
    expect(totalOf({ usedCpuSec: undefined }, { cpuSec: 100, usedCpuSec: 50 }).cpuEfficiency).to.equal(0.5);
  });

  it('counts a retried attempt as another job, but not as another task', () => {
    expect(totalOf({ cause: 'retried' }, {})).to.deep.include({ tasks: 1, jobs: 2, nodeHours: 4 });
  });

  it('counts a rejected task as a task without a job', () => {
    expect(totalOf({ cause: 'rejected', job: undefined })).to.deep.include({ tasks: 1, jobs: 0 });
  });

  it('shows the latest name of a renamed user', () => {
    const { rows } = report('user', { userName: 'Old' }, { userName: 'New' }, { userName: undefined });
    expect(rows.map(({ name, id }) => [name, id])).to.deep.equal([['New', ATTEMPT.userId]]);
  });

  for (const [by, name] of [
    ['queue', 'gpu'],
    ['project', 'vision/depth'],
    ['template', '/etc/gpu.template'],
    ['cluster', 'lab'],
  ] as const) {
    it(`has a row for each ${by}`, () => {
      expect(report(by, {}).rows.map((row) => row.name)).to.deep.equal([name]);
    });
  }
});
