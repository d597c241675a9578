// Parses what accounting records of ended jobs: what they were allocated and what they used, the figures of sreport(1) and seff(1).
import type { CommandResult } from '../transport/transport.ts';
import { SlurmUnavailableError } from './errors.ts';
import { parseSacctTable, sacctTableArgs, sacctWholeJobArgs } from './parse-sacct-table.ts';
import type { JobFigures, JobId, JobKey } from './scheduler.ts';
import { parsePairs } from './scontrol-show-config.ts';

/** Steps, whose names are any text, are not in this table. */
const NAME_FIELDS = ['JobIDRaw', 'Submit', 'JobName'];

const FIELDS = [
  'JobIDRaw',
  'User',
  'Account',
  'Partition',
  'State',
  'Submit',
  'Start',
  'End',
  'ElapsedRaw',
  'TimelimitRaw',
  'NNodes',
  'AllocCPUS',
  'AllocTRES',
  'NTasks',
  'TotalCPU',
  'MaxRSS',
  'TRESUsageInTot',
];

type Field = (typeof FIELDS)[number];
type Row = Readonly<Record<Field, string>>;

/** The arguments for the names of all runs of these jobs. */
export function sacctNamesArgs(ids: readonly JobId[]): string[] {
  return [...sacctTableArgs(NAME_FIELDS), `--jobs=${ids.join(',')}`];
}

/** The arguments for all runs of these jobs, with their steps, but without any name. */
export function sacctFiguresArgs(ids: readonly JobId[]): string[] {
  return [...sacctWholeJobArgs(FIELDS), '--duplicates', '--noconvert', `--jobs=${ids.join(',')}`];
}

/**
 * The figures of those jobs that have ended; a job that accounting does not have, or has under another name, is missing.
 * @throws SlurmUnavailableError if the output of accounting is incomplete
 */
export function parseSacctFigures(
  output: { readonly names: CommandResult; readonly runs: CommandResult },
  jobs: readonly JobKey[],
  { accountsGpus }: Accounted,
): Map<JobId, JobFigures> {
  const byId = new Map<string, JobKey>(jobs.map((job) => [job.id, job]));
  const named = parseSacctTable(output.names, NAME_FIELDS, byId);
  if (named.kind === 'failed') throw new SlurmUnavailableError(named.message);
  const names = new Map(named.rows.map(([id = '', submitted = '', name = '']) => [`${id} ${submitted}`, name]));
  const table = parseSacctTable(output.runs, FIELDS);
  if (table.kind === 'failed') throw new SlurmUnavailableError(table.message);
  const runs = new Map<JobId, Run[]>();
  let current: Run | undefined;
  for (const values of table.rows) {
    const row = Object.fromEntries(FIELDS.map((field, index) => [field, values[index] ?? '']));
    const { JobIDRaw: id = '', Submit: submitted = '' } = row;
    // Steps follow their job.
    if (id.includes('.')) current?.steps.push(row);
    else {
      const job = byId.get(id);
      current = { row, steps: [] };
      // Slurm reuses ids after a crash of the controller.
      const isItsUser = job?.unixUser === undefined || job.unixUser === row['User'];
      if (job === undefined || names.get(`${id} ${submitted}`) !== job.name || !isItsUser) continue;
      const its = runs.get(job.id);
      if (its === undefined) runs.set(job.id, [current]);
      else its.push(current);
    }
  }
  const figures = new Map<JobId, JobFigures>();
  for (const [id, its] of runs) {
    const sum = sumRuns(its, accountsGpus);
    if (sum !== undefined) figures.set(id, sum);
  }
  return figures;
}

interface Accounted {
  /** Otherwise a job without GPUs looks like one with GPUs. */
  readonly accountsGpus: boolean;
}

interface Run {
  readonly row: Row;
  readonly steps: Row[];
}

/** undefined if the last run has not ended, or its row is unreadable. */
function sumRuns(runs: readonly Run[], accountsGpus: boolean): JobFigures | undefined {
  const ordered = runs.toSorted((one, other) => seconds(one.row['Submit']) - seconds(other.row['Submit']));
  const [first, last] = [ordered[0]?.row, ordered.at(-1)];
  const each = ordered.map((run) => parseRun(run, accountsGpus));
  if (first === undefined || last === undefined || !each.every((run) => run !== undefined)) return undefined;
  const { row } = last;
  const total = (of: (run: RunFigures) => number | undefined): number | undefined =>
    each.map(of).reduce((sum, value) => (sum === undefined || value === undefined ? undefined : sum + value), 0);
  const peaks = ordered.flatMap(({ steps }) => steps.flatMap(peakOf));
  return {
    user: text(row['User']),
    account: text(row['Account']),
    partition: text(row['Partition']),
    // `CANCELLED by 1000`
    stateWord: row['State']?.split(' ')[0] ?? '',
    submittedAt: seconds(first['Submit']) * 1000,
    startedAt: hasStarted(row) ? time(row['Start']) : undefined,
    endedAt: time(row['End']),
    elapsedSec: total((run) => run.elapsedSec) ?? 0,
    waitSec: total((run) => run.waitSec),
    nodeSec: total((run) => run.nodeSec),
    cpuSec: total((run) => run.cpuSec),
    gpuSec: total((run) => run.gpuSec),
    usedCpuSec: total((run) => run.usedCpuSec),
    timeLimitSec: count(row['TimelimitRaw'], 60),
    cpus: count(row['AllocCPUS']),
    memoryMb: parseMb(parsePairs(row['AllocTRES'] ?? '').get('mem') ?? ''),
    usedMemoryMb: peaks.length === 0 ? undefined : peaks.reduce((most, peak) => Math.max(most, peak)),
  };
}

/** A job that was cancelled while it waited has the time of the cancellation as its start, and a CPU, but no TRES. */
function hasStarted(row: Row): boolean {
  return row['AllocTRES'] !== '';
}

type RunFigures = Pick<JobFigures, 'elapsedSec' | 'waitSec' | 'nodeSec' | 'cpuSec' | 'gpuSec' | 'usedCpuSec'>;

function parseRun({ row, steps }: Run, accountsGpus: boolean): RunFigures | undefined {
  const [submitted, ended, elapsedSec] = [seconds(row['Submit']), time(row['End']), count(row['ElapsedRaw'])];
  if (Number.isNaN(submitted) || ended === undefined || elapsedSec === undefined) return undefined;
  const started = hasStarted(row) ? time(row['Start']) : undefined;
  const times = (amount: number | undefined): number | undefined =>
    amount === undefined ? undefined : amount * elapsedSec;
  return {
    elapsedSec,
    waitSec: (started ?? ended) / 1000 - submitted,
    nodeSec: times(elapsedSec === 0 ? 0 : count(row['NNodes'])),
    cpuSec: times(elapsedSec === 0 ? 0 : count(row['AllocCPUS'])),
    gpuSec: accountsGpus ? times(parseGpus(row['AllocTRES'] ?? '')) : undefined,
    usedCpuSec: parseUsedCpu(row, steps) ?? (elapsedSec === 0 ? 0 : undefined),
  };
}

/** Without a plugin that measures usage (slurm.conf(5), JobAcctGatherType), accounting shows zero. */
function parseUsedCpu({ TotalCPU: total = '' }: Row, steps: readonly Row[]): number | undefined {
  const used = parseCpuTime(total);
  return used === 0 && steps.every((step) => step['MaxRSS'] === '') ? undefined : used;
}

/** `[days-][hours:]minutes:seconds[.milliseconds]`. */
function parseCpuTime(shown: string): number | undefined {
  const [, days = '0', hours = '0', minutes, sec] = /^(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)$/.exec(shown) ?? [];
  if (minutes === undefined || sec === undefined) return undefined;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(sec);
}

/** The sum of the largest usages of the tasks of the step, as seff prints it; without it, the largest usage of one, for each. In MiB. */
function peakOf(step: Row): number[] {
  const ofAll = parseMb(parsePairs(step['TRESUsageInTot'] ?? '').get('mem') ?? '');
  if (ofAll !== undefined) return [ofAll];
  const perTask = parseMb(step['MaxRSS'] ?? '');
  return perTask === undefined ? [] : [perTask * Math.max(1, count(step['NTasks']) ?? 1)];
}

/** A site may count the GPUs of each type only: `gres/gpu:a100=2`. */
function parseGpus(shown: string): number | undefined {
  const tres = parsePairs(shown);
  const all = tres.get('gres/gpu');
  if (all !== undefined) return count(all);
  return [...tres].reduce<number | undefined>((sum, [name, value]) => {
    if (!name.startsWith('gres/gpu:')) return sum;
    const some = count(value);
    return sum === undefined || some === undefined ? undefined : sum + some;
  }, 0);
}

const MB = { '': 1 / 1024 ** 2, K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2, P: 1024 ** 3 };

/** Without a unit, it is a number of bytes. */
function parseMb(shown: string): number | undefined {
  const [, amount, unit = ''] = /^([\d.]+)([KMGTP]?)$/.exec(shown) ?? [];
  return amount === undefined ? undefined : Number(amount) * MB[unit as keyof typeof MB];
}

function count(shown = '', unit = 1): number | undefined {
  return /^\d+$/.test(shown) ? Number(shown) * unit : undefined;
}

function seconds(shown = ''): number {
  return count(shown) ?? NaN;
}

function time(shown = ''): number | undefined {
  return count(shown, 1000);
}

function text(shown = ''): string | undefined {
  return shown === '' ? undefined : shown;
}
