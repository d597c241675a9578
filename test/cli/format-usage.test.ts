// Tests the report of usage as text, JSON and CSV.
import { expect } from 'chai';
import { createUsageSum } from '../../src/history/sum-usage.ts';
import { usageCsv, usageDocument, usageText } from '../../src/cli/format-usage.ts';
import { ATTEMPT } from '../history/attempts.ts';
import type { EndedAttempt } from '../../src/history/ended-attempt.ts';

const PERIOD = { since: Date.UTC(2026, 10, 1), until: Date.UTC(2026, 11, 1) };
const SEVERAL: readonly Partial<EndedAttempt>[] = [
  {},
  { userId: 'b', userName: 'Bob', gpuSec: 3 * ATTEMPT.gpuSec },
  { userId: 'c', userName: 'Cy', cpuSec: undefined, gpuSec: undefined, usedMemoryMb: undefined, cause: 'timeout' },
];

function reportOf(
  attempts: readonly Partial<EndedAttempt>[] = SEVERAL,
): ReturnType<ReturnType<typeof createUsageSum>['finish']> {
  const report = createUsageSum('user');
  for (const change of attempts) report.add({ ...ATTEMPT, ...change });
  return report.finish();
}

describe('the text of a usage report', () => {
  it('is a table without bars if standard output is not a terminal', () => {
    expect(usageText(reportOf(), PERIOD)).to.equal(
      [
        'Tasks that ended between 2026-11-01 00:00 UTC and 2026-12-01 00:00 UTC, by user.',
        'USER   TASKS  NODE-H  CPU-H  GPU-H  WAIT    P90     CPU   MEMORY  ENDS',
        'Bob    1      2.0     8.0    12.0   23 min  23 min  24 %  5 %     completed 1',
        'Ada    1      2.0     8.0    4.0    23 min  23 min  24 %  5 %     completed 1',
        'Cy     1      2.0     -      -      23 min  23 min  -     -       timeout 1',
        'Total  3      6.0     16.0   16.0   23 min  23 min  24 %  5 %     completed 2, timeout 1',
        '1 of 3 jobs are not in accounting, such as jobs of the last few minutes: their CPU-hours, GPU-hours and efficiency are unknown.',
        '',
      ].join('\n'),
    );
  });

  it('shows a newline in a user name as \\n', () => {
    const text = usageText(reportOf([{ userName: 'Ada\nTotal\u202e' }]), PERIOD);
    expect(text.split('\n')[2]).to.match(/^"Ada\\nTotal\\u\{202e\}" {2}1 /);
  });

  it('shows the GPU-hours as bars in a terminal', () => {
    const bars = usageText(reportOf(), PERIOD, 160).match(/█+/g);
    expect(bars?.map((bar) => bar.length)).to.deep.equal([9, 3, 12]);
  });

  it('says "No task ended in this time." if the report has no task', () => {
    expect(usageText(reportOf([]), PERIOD)).to.include('No task ended in this time.');
  });
});

describe('the JSON of a usage report', () => {
  it('contains null for each unknown value', () => {
    const document = JSON.parse(JSON.stringify(usageDocument(reportOf(), PERIOD))) as { rows: object[] };
    expect(document).to.include({ since: '2026-11-01T00:00:00.000Z', by: 'user' });
    expect(document.rows[2]).to.deep.equal({
      name: 'Cy',
      id: 'c',
      tasks: 1,
      jobs: 1,
      accounted: 0,
      nodeHours: 2,
      cpuHours: null,
      gpuHours: null,
      wait: { median: 1_400, p90: 1_400 },
      queueWait: { median: 400, p90: 400 },
      cpuEfficiency: null,
      memoryEfficiency: null,
      causes: { timeout: 1 },
    });
  });
});

describe('the CSV of a usage report', () => {
  it('has a column for each cause of an end, and leaves unknown values empty', () => {
    const [head, , , cy] = usageCsv(reportOf()).split('\r\n');
    expect(head).to.equal(
      'name,id,tasks,jobs,accounted,node_hours,cpu_hours,gpu_hours,wait_median_sec,wait_p90_sec,queue_wait_median_sec,queue_wait_p90_sec,cpu_efficiency,memory_efficiency,completed,timeout',
    );
    expect(cy).to.equal('Cy,c,1,1,0,2,,,1400,1400,400,400,,,0,1');
  });

  it('escapes a name that a spreadsheet would evaluate, such as "=cmd|x"', () => {
    const names = ['=cmd|x', '+1', '-1', '@a', 'a,"b"'];
    const csv = usageCsv(reportOf(names.map((userName, index) => ({ userName, userId: String(index) }))));
    const fields = csv
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(/,\d,/)[0]);
    expect(fields).to.have.members(["'=cmd|x", "'+1", "'-1", "'@a", '"a,""b"""']);
  });
});
