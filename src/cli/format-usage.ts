// Formats a report of usage: as text with bars, as JSON, or as CSV.
import { formatDuration } from '../base/format-duration.ts';
import { textTable } from '../base/text-table.ts';
import { cutToWidth } from '../base/wrap-text.ts';
import { formatTime } from '../daemon/console/console-messages.ts';
import type { UsageReport, UsageRow } from '../history/sum-usage.ts';
import { displayInTable } from '../sbatch-template/placeholders/display-value.ts';

export interface UsagePeriod {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
}

const NAME_WIDTH = 32;
const BAR_WIDTH = 12;
/** Of a twelfth each. */
const BAR = '█';

/** @param columns of the terminal; undefined if standard output is none: then there are no bars */
export function usageText(report: UsageReport, { since, until }: UsagePeriod, columns?: number): string {
  const { by, rows, total } = report;
  const head = `Tasks that ended between ${formatTime(since)} and ${formatTime(until)}, by ${by}.\n`;
  if (rows.length === 0) return `${head}No task ended in this time.\n`;
  const share = shareOf(total);
  const isBarred = columns !== undefined;
  const titles = [
    by.toUpperCase(),
    ...(isBarred ? [share.title] : []),
    ...['TASKS', 'NODE-H', 'CPU-H', 'GPU-H', 'WAIT', 'P90', 'CPU', 'MEMORY', 'ENDS'],
  ];
  const cells = (row: UsageRow, name: string): string[] => [
    cutToWidth(name, NAME_WIDTH),
    ...(isBarred ? [bar(share.of(row), share.of(total))] : []),
    String(row.tasks),
    hours(row.nodeHours),
    hours(row.cpuHours),
    hours(row.gpuHours),
    wait(row.wait?.median),
    wait(row.wait?.p90),
    percent(row.cpuEfficiency),
    percent(row.memoryEfficiency),
    Object.entries(row.causes)
      .map(([cause, count]) => `${cause} ${count}`)
      .join(', '),
  ];
  const table = [
    ...rows.map((row) => cells(row, displayInTable(row.name ?? row.id ?? 'unknown'))),
    cells(total, 'Total'),
  ];
  return head + textTable(titles, table, columns) + notes(total);
}

/** What the figures leave out. */
function notes({ jobs, accounted }: UsageRow): string {
  if (accounted === jobs) return '';
  const why = accounted === 0 ? '' : ', such as jobs of the last few minutes';
  return `${jobs - accounted} of ${jobs} jobs are not in accounting${why}: their CPU-hours, GPU-hours and efficiency are unknown.\n`;
}

interface Share {
  readonly title: string;
  readonly of: (row: UsageRow) => number;
}

/** What the bars show: the scarcest resource that is known. */
function shareOf({ gpuHours = 0, cpuHours = 0, nodeHours = 0 }: UsageRow): Share {
  if (gpuHours > 0) return { title: 'GPU-H SHARE', of: (row) => row.gpuHours ?? 0 };
  if (cpuHours > 0) return { title: 'CPU-H SHARE', of: (row) => row.cpuHours ?? 0 };
  if (nodeHours > 0) return { title: 'NODE-H SHARE', of: (row) => row.nodeHours ?? 0 };
  return { title: 'TASK SHARE', of: (row) => row.tasks };
}

/** Any use has at least one block. */
function bar(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '';
  return BAR.repeat(Math.max(1, Math.round((part / whole) * BAR_WIDTH)));
}

function hours(amount: number | undefined): string {
  if (amount === undefined) return '-';
  return amount >= 100 ? String(Math.round(amount)) : amount.toFixed(1);
}

function wait(seconds: number | undefined): string {
  return seconds === undefined ? '-' : formatDuration(seconds * 1000);
}

function percent(part: number | undefined): string {
  return part === undefined ? '-' : `${Math.round(part * 100)} %`;
}

/** For programs: keys are only added, never renamed or removed. Times of waiting are in seconds; what is unknown is null. */
export function usageDocument({ by, rows, total }: UsageReport, { since, until }: UsagePeriod): object {
  return {
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    by,
    rows: rows.map(rowDocument),
    total: rowDocument(total),
  };
}

function rowDocument(row: UsageRow): object {
  return {
    name: row.name ?? null,
    id: row.id ?? null,
    tasks: row.tasks,
    jobs: row.jobs,
    accounted: row.accounted,
    nodeHours: row.nodeHours ?? null,
    cpuHours: row.cpuHours ?? null,
    gpuHours: row.gpuHours ?? null,
    wait: row.wait ?? null,
    queueWait: row.queueWait ?? null,
    cpuEfficiency: row.cpuEfficiency ?? null,
    memoryEfficiency: row.memoryEfficiency ?? null,
    causes: row.causes,
  };
}

const CSV_COLUMNS: readonly (readonly [title: string, of: (row: UsageRow) => string | number | undefined])[] = [
  ['name', ({ name }) => name],
  ['id', ({ id }) => id],
  ['tasks', ({ tasks }) => tasks],
  ['jobs', ({ jobs }) => jobs],
  ['accounted', ({ accounted }) => accounted],
  ['node_hours', ({ nodeHours }) => nodeHours],
  ['cpu_hours', ({ cpuHours }) => cpuHours],
  ['gpu_hours', ({ gpuHours }) => gpuHours],
  ['wait_median_sec', (row) => row.wait?.median],
  ['wait_p90_sec', (row) => row.wait?.p90],
  ['queue_wait_median_sec', (row) => row.queueWait?.median],
  ['queue_wait_p90_sec', (row) => row.queueWait?.p90],
  ['cpu_efficiency', ({ cpuEfficiency }) => cpuEfficiency],
  ['memory_efficiency', ({ memoryEfficiency }) => memoryEfficiency],
];

/** The rows with a column for each cause that occurred (RFC 4180). An unknown figure is an empty field. */
export function usageCsv({ rows, total }: UsageReport): string {
  const causes = Object.keys(total.causes) as (keyof UsageRow['causes'])[];
  const head = [...CSV_COLUMNS.map(([title]) => title), ...causes.map((cause) => cause.replaceAll(' ', '_'))];
  const body = rows.map((row) => [
    ...CSV_COLUMNS.map(([, of]) => of(row)),
    ...causes.map((cause) => row.causes[cause] ?? 0),
  ]);
  return [head, ...body].map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('');
}

/** A spreadsheet evaluates a text that begins like a formula, and users choose the names of projects: a quote makes it text. */
function csvField(value: string | number | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
