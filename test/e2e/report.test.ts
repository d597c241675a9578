// The report and the audit log of real jobs: the figures are those of sacct, and each step of a task has its line.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { AuditLine } from '../../src/daemon/audit/audit-line.ts';
import { requireAccounting, requireAgent, requireMemoryLimits } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

interface Row {
  readonly name: string;
  readonly id?: string;
  readonly tasks: number;
  readonly jobs: number;
  readonly accounted: number;
  readonly nodeHours: number;
  readonly cpuHours: number;
  readonly gpuHours: number;
  readonly cpuEfficiency: number;
  readonly memoryEfficiency: number;
  readonly wait: { readonly median: number; readonly p90: number };
  readonly causes: Readonly<Record<string, number>>;
}

const TEMPLATE = QUICK_TEMPLATE.replace(
  'export ',
  [
    '#SBATCH --cpus-per-task=${CLEARML_TASK.hyperparams.properties.cpus.value:1}',
    '#SBATCH --gres=gpu:${CLEARML_TASK.hyperparams.properties.gpus.value:0}',
    '[ ${CLEARML_TASK.hyperparams.properties.breaks.value:no} = no ] || exit 7',
    'export ',
  ].join('\n'),
);

describe('the subcommand report (cluster with accounting)', () => {
  let cluster: SlurmCluster;

  before(requireAgent);
  before(requireAccounting);
  before(requireMemoryLimits);
  before(async () => {
    cluster = await startSlurmCluster({
      clusterName: 'accounted',
      hasAccounting: true,
      nodeCount: 2,
      limitsMemory: true,
      gpusPerNode: 2,
      extraLines: ['AccountingStorageTRES=gres/gpu'],
    });
  });
  after(() => cluster.stop());

  it('shows the same hours, efficiency and waiting times as sacct', async () => {
    await using world = await startWorld({ cluster });
    const queue = await world.user.makeQueue('quick');
    const tasks: string[] = [];
    for (const properties of [{ cpus: '2', gpus: '2' }, { gpus: '1' }, { breaks: 'yes' }]) {
      const task = await world.user.makeTask({ properties });
      await world.user.enqueue(task, queue);
      tasks.push(task);
    }
    const [first = '', second = '', broken = ''] = tasks;
    const template = await world.write('quick.template', TEMPLATE);
    const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    for (const task of [first, second]) await world.untilStatus(task, 'completed');
    await world.untilStatus(broken, 'failed');

    const row = await waitUntil('the figures of all jobs', async () => {
      const [only] = await report(world, 'queue');
      return only?.accounted === 3 && only;
    });
    const jobs = await readSacct(world, tasks);
    const sum = (of: (job: SacctJob) => number): number => jobs.reduce((total, job) => total + of(job), 0);
    expect(jobs).to.have.length(3);
    expect(row).to.deep.include({
      name: world.nameOf('quick'),
      tasks: 3,
      jobs: 3,
      nodeHours: sum(({ elapsed, nodes }) => elapsed * nodes) / 3600,
      cpuHours: sum(({ cpuTime }) => cpuTime) / 3600,
      gpuHours: sum(({ elapsed, gpus }) => elapsed * gpus) / 3600,
      causes: { completed: 2, 'never started': 1 },
    });
    expect(row.cpuEfficiency).to.be.closeTo(sum(({ usedCpu }) => usedCpu) / sum(({ cpuTime }) => cpuTime), 1e-6);
    const waits = jobs.map(({ waited }) => waited).sort((one, other) => one - other);
    expect(row.wait).to.deep.equal({ median: waits[1], p90: waits[2] });
    // A job that ended before it was measured has no peak.
    const measured = jobs.filter(({ peakMb }) => peakMb > 0);
    const memory = (of: (job: SacctJob) => number): number =>
      measured.reduce((total, job) => total + of(job) * job.elapsed, 0);
    expect(measured).to.have.length.above(0);
    const memoryEfficiency = memory(({ peakMb }) => peakMb) / memory(({ memoryMb }) => memoryMb);
    expect(row.memoryEfficiency).to.be.closeTo(memoryEfficiency, 1e-6);
    for (const by of ['user', 'project', 'template', 'cluster']) {
      const rows = await report(world, by);
      expect(rows.map(withoutName), by).to.deep.equal([withoutName(row)]);
    }

    const { stdout } = await world.run('audit', first.slice(0, 12), '--json');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditLine);
    expect(lines.map(({ event }) => event)).to.deep.equal(['claimed', 'submitting', 'submitted', 'ended']);
    const sha256 = createHash('sha256')
      .update(await readFile(template))
      .digest('hex');
    expect(lines[1]).to.deep.include({ template: { file: template, sha256 }, properties: { cpus: '2', gpus: '2' } });
    expect((await world.run('audit', broken)).stdout).to.match(/changing status +daemon +to failed: /);
    await world.stop(daemon);
  });
});

function withoutName({ name: _name, id: _id, ...figures }: Row): Partial<Row> {
  return figures;
}

async function report(world: World, by: string): Promise<Row[]> {
  const { stdout, stderr } = await world.run('report', '--json', '--by', by);
  expect(stderr).to.equal('');
  return (JSON.parse(stdout) as { rows: Row[] }).rows;
}

interface SacctJob {
  readonly elapsed: number;
  readonly nodes: number;
  readonly cpuTime: number;
  readonly gpus: number;
  readonly usedCpu: number;
  readonly waited: number;
  readonly memoryMb: number;
  readonly peakMb: number;
}

/** CPUTimeRAW, the waiting time and the peak of each job's memory as sacct reports them. */
async function readSacct(world: World, tasks: readonly string[]): Promise<SacctJob[]> {
  const format = 'JobIDRaw,JobName,ElapsedRaw,NNodes,CPUTimeRAW,AllocTRES,TotalCPU,Submit,Start,TRESUsageInTot';
  // By default, sacct begins at midnight.
  const options = ['--starttime=now-1days', '--noheader', '--parsable2', '--noconvert', `--format=${format}`];
  const text = await world.cluster.run('sacct', ...options);
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('|'));
  /** Of the job and its steps. */
  const peakOf = (job: string): number => {
    const its = rows.filter(([id = '']) => id === job || id.startsWith(`${job}.`));
    return Math.max(...its.map((row) => megabytes(row[9])));
  };
  return rows
    .filter(([id = '', name = '']) => !id.includes('.') && tasks.some((task) => name.includes(task)))
    .map(([id = '', , elapsed, nodes, cpuTime, tres = '', usedCpu = '', submitted = '', started = '']) => ({
      elapsed: Number(elapsed),
      nodes: Number(nodes),
      cpuTime: Number(cpuTime),
      gpus: Number(/gres\/gpu=(\d+)/.exec(tres)?.[1] ?? 0),
      usedCpu: usedCpu.split(':').reduce((total, part) => total * 60 + Number(part), 0),
      waited: (Date.parse(started) - Date.parse(submitted)) / 1000,
      memoryMb: megabytes(tres),
      peakMb: peakOf(id),
    }));
}

/** The memory of a list of TRES, in MiB. */
function megabytes(tres = ''): number {
  const [, amount = '0', unit = ''] = /(?:^|,)mem=([\d.]+)([KMG]?)/.exec(tres) ?? [];
  return Number(amount) * ({ K: 1 / 1024, M: 1, G: 1024 }[unit] ?? 1 / 1024 ** 2);
}
