// Tests what the history reads from accounting about ended jobs.
import { expect } from 'chai';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import { parseSacctFigures, sacctFiguresArgs, sacctNamesArgs } from '../../src/slurm/sacct-history-figures.ts';
import type { JobFigures, JobId, JobKey } from '../../src/slurm/scheduler.ts';
import type { CommandResult } from '../../src/transport/transport.ts';
import { result } from './recorded-output.ts';

const HEADER =
  'JobIDRaw|JobName|User|Account|Partition|State|Submit|Start|End|ElapsedRaw|TimelimitRaw|NNodes|AllocCPUS|AllocTRES|NTasks|TotalCPU|MaxRSS|TRESUsageInTot';
const COLUMNS = HEADER.split('|').length;

// Recorded from Slurm 22.05.8 with jobacct_gather/linux.
const TWO_CORES =
  '1|a|ada|lab|debug|COMPLETED|1795950590|1795950592|1795950596|4|10|1|2|billing=2,cpu=2,gres/gpu=1,mem=200M,node=1||00:00.578|';
const ITS_BATCH =
  '1.batch|batch||lab||COMPLETED|1795950592|1795950592|1795950596|4||1|2|cpu=2,mem=200M,node=1|1|00:00.578|4812800';
const TWO_NODES = [
  '2|b|ada|lab|debug|COMPLETED|1795950590|1795950592|1795950595|3|525600|2|2|billing=2,cpu=2,mem=2048M,node=2||00:00.017|',
  '2.batch|batch||lab||COMPLETED|1795950592|1795950592|1795950595|3||1|1|cpu=1,mem=1024M,node=1|1|00:00.012|1126400',
  '2.0|sleep||lab||COMPLETED|1795950592|1795950592|1795950595|3||2|2|cpu=2,mem=2048M,node=2|2|00:00.004|1048576',
];
const NEVER_STARTED =
  '3|h|ada|lab|debug|CANCELLED by 0|1795950590|1795950599|1795950599|0|Partition_Limit|1|1|||00:00:00|';

/** The two tables of sacct: names without steps, and runs with steps but without names. */
function outputOf(rows: readonly string[]): { names: CommandResult; runs: CommandResult } {
  // Most rows have no TRESUsageInTot.
  const table = [HEADER, ...rows].map((row) => {
    const fields = row.split('|');
    return fields.length === COLUMNS - 1 ? [...fields, ''] : fields;
  });
  const print = (lines: readonly (readonly string[])[]): CommandResult =>
    result({ stdout: lines.map((line) => `${line.join('\x1f')}\n`).join('') });
  return {
    names: print(
      table.filter(([id = '']) => !id.includes('.')).map(([id = '', name = '', , , , , at = '']) => [id, at, name]),
    ),
    runs: print(table.map((fields) => fields.filter((_, index) => index !== 1))),
  };
}

function read(rows: readonly string[], names = ['a', 'b', 'h'], accountsGpus = true): Map<JobId, JobFigures> {
  const jobs = names.map((name, index): JobKey => ({ id: String(index + 1) as JobId, name }));
  return parseSacctFigures(outputOf(rows), jobs, { accountsGpus });
}

function only(...rows: readonly string[]): JobFigures {
  const [figures = expect.fail('there are no figures')] = read(rows).values();
  return figures;
}

describe('the sacct query for the job history', () => {
  it('requests all runs and steps of several jobs in one call', () => {
    expect(sacctFiguresArgs(['1', '2'] as JobId[])).to.include.members(['--jobs=1,2', '--duplicates', '--noconvert']);
  });

  it('returns the allocated and the used resources of a job', () => {
    expect(only(TWO_CORES, ITS_BATCH)).to.deep.equal({
      user: 'ada',
      account: 'lab',
      partition: 'debug',
      stateWord: 'COMPLETED',
      submittedAt: 1_795_950_590_000,
      startedAt: 1_795_950_592_000,
      endedAt: 1_795_950_596_000,
      elapsedSec: 4,
      waitSec: 2,
      nodeSec: 4,
      cpuSec: 8,
      gpuSec: 4,
      usedCpuSec: 0.578,
      timeLimitSec: 600,
      cpus: 2,
      memoryMb: 200,
      usedMemoryMb: 4_812_800 / 1024 ** 2,
    });
  });

  it("adds up the peak memory of a step's tasks, as seff does", () => {
    // Recorded from Slurm 22.05.8: seff prints 170.70 MB.
    const step =
      '1.0|python3||lab||COMPLETED|1795950592|1795950592|1795950596|4||1|2|cpu=2,mem=600M,node=1|2|00:00.229|174145536|cpu=00:00:00,energy=0,fs/disk=1708435,mem=178991104,pages=0';
    expect(only(TWO_CORES, ITS_BATCH, step).usedMemoryMb).to.be.closeTo(170.7, 0.01);
  });

  it('multiplies MaxRSS of a step by the number of tasks if sacct prints no sum', () => {
    expect(only(...TWO_NODES)).to.include({ nodeSec: 6, usedMemoryMb: 2, memoryMb: 2048 });
  });

  it('returns no start time for a job that never started', () => {
    expect(only(NEVER_STARTED)).to.include({
      stateWord: 'CANCELLED',
      startedAt: undefined,
      elapsedSec: 0,
      waitSec: 9,
      cpuSec: 0,
      usedCpuSec: 0,
      timeLimitSec: undefined,
      usedMemoryMb: undefined,
    });
  });

  it('returns undefined, not 0, if Slurm did not measure the CPU and memory usage', () => {
    const unmeasured = only(
      TWO_CORES.replace('00:00.578', '00:00:00'),
      ITS_BATCH.replace('4812800', '').replace('00:00.578', '00:00:00'),
    );
    expect([unmeasured.usedCpuSec, unmeasured.usedMemoryMb]).to.deep.equal([undefined, undefined]);
  });

  it('returns undefined as the GPU time if accounting does not count GPUs', () => {
    const [figures] = read([TWO_CORES, ITS_BATCH], ['a'], false).values();
    expect(figures?.gpuSec).to.equal(undefined);
    expect(only(...TWO_NODES).gpuSec).to.equal(0);
  });

  it('adds up GPUs that AllocTRES lists only by type', () => {
    const typed = TWO_CORES.replace('gres/gpu=1', 'gres/gpu:a100=1,gres/gpu:h100=2');
    expect(only(typed, ITS_BATCH).gpuSec).to.equal(12);
  });

  it('reads the CPU times 01:02:03, 2-01:00:00 and 10:00.250', () => {
    for (const [shown, sec] of [
      ['01:02:03', 3_723],
      ['2-01:00:00', 176_400],
      ['10:00.250', 600.25],
    ] as const)
      expect(only(TWO_CORES.replace('00:00.578', shown), ITS_BATCH).usedCpuSec).to.equal(sec);
  });

  it('adds up the usage of all runs of a requeued job', () => {
    const first =
      '1|a|ada|lab|debug|NODE_FAIL|1795950500|1795950510|1795950540|30|10|1|2|cpu=2,gres/gpu=1,mem=200M||00:10.000|';
    expect(only(first, ITS_BATCH, TWO_CORES, ITS_BATCH)).to.include({
      stateWord: 'COMPLETED',
      submittedAt: 1_795_950_500_000,
      startedAt: 1_795_950_592_000,
      elapsedSec: 34,
      waitSec: 12,
      cpuSec: 68,
      gpuSec: 34,
      usedCpuSec: 10.578,
    });
  });

  it('returns no figures for a running job or for a job with another name', () => {
    const running = TWO_CORES.replace('COMPLETED', 'RUNNING').replace('1795950596', 'Unknown');
    const others = TWO_CORES.replace('|a|', '|theirs|').replace('1795950590', '1795900000');
    expect([read([running]).size, read([others, ITS_BATCH]).size]).to.deep.equal([0, 0]);
    expect(read([others, ITS_BATCH, TWO_CORES, ITS_BATCH]).get('1' as JobId)?.elapsedSec).to.equal(4);
  });

  it('reports accounting as unavailable if sacct prints an error or truncated output', () => {
    expect(() => read([TWO_CORES.slice(0, -20)])).to.throw(SlurmUnavailableError);
    expect(() =>
      parseSacctFigures({ ...outputOf([]), names: result({ stderr: 'sacct: error: Connection refused' }) }, [], {
        accountsGpus: true,
      }),
    ).to.throw(SlurmUnavailableError);
  });

  it("returns no figures of another Unix user's job with the same id and name", () => {
    const figuresAs = (unixUser: string): number => {
      const job: JobKey = { id: '1' as JobId, name: 'a', unixUser };
      return parseSacctFigures(outputOf([TWO_CORES, ITS_BATCH]), [job], { accountsGpus: true }).size;
    };
    expect([figuresAs('ada'), figuresAs('bob')]).to.deep.equal([1, 0]);
  });

  it("reads a job's figures despite separators and newlines in another job's name", () => {
    const renamed = NEVER_STARTED.replace('|h|', '|h\x1fh\nx\x1fy\n9\x1f1\x1fa|');
    expect([...read([TWO_CORES, ITS_BATCH, renamed]).keys()]).to.deep.equal(['1']);
  });

  it('does not request step names, which may contain any text', () => {
    expect(sacctFiguresArgs(['1'] as JobId[]).join()).not.to.contain('JobName');
    expect(sacctNamesArgs(['1'] as JobId[])).to.include.members(['--allocations', '--duplicates', '--jobs=1']);
  });
});
