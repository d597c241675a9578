// Sums up the usage of ended attempts by user, queue, project, template or cluster, for `report`.
import { CAUSES, isAccounted, type CauseOfEnd, type EndedAttempt } from './ended-attempt.ts';
import { readHistory, type HistoryPeriod } from './read-history.ts';

/** What a report has a row for. */
export type UsageKey = 'user' | 'queue' | 'project' | 'template' | 'cluster';

/** A figure that is known of no attempt is undefined; one that is known of some is their sum, and `accounted` says of how many. */
export interface UsageRow {
  /** The name; undefined for attempts of which it is unknown. */
  readonly name: string | undefined;
  /** Its id, if names may change or be used twice. */
  readonly id: string | undefined;
  /** Tasks that ended, including those without a job. A task that is enqueued again counts again. */
  readonly tasks: number;
  /** Jobs, including those of attempts that were retried. */
  readonly jobs: number;
  /** Jobs whose figures accounting has. */
  readonly accounted: number;
  readonly nodeHours: number | undefined;
  readonly cpuHours: number | undefined;
  readonly gpuHours: number | undefined;
  /** From the submission to the start, in seconds: of the jobs that started. */
  readonly wait: Quantiles | undefined;
  /** From the enqueue in ClearML to the submission, in seconds. */
  readonly queueWait: Quantiles | undefined;
  /** The part of the allocated CPU time that was used, 0 to 1. */
  readonly cpuEfficiency: number | undefined;
  /** The part of the allocated memory that was used at the peak, weighted by time, 0 to 1. */
  readonly memoryEfficiency: number | undefined;
  readonly causes: Readonly<Partial<Record<CauseOfEnd, number>>>;
}

export interface Quantiles {
  readonly median: number;
  readonly p90: number;
}

export interface UsageReport {
  readonly by: UsageKey;
  /** The largest consumer first: by GPU-hours, then CPU-hours, node-hours and tasks. */
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow;
}

export interface UsageSum {
  add(attempt: EndedAttempt): void;
  finish(): UsageReport;
}

/**
 * Sums up the history of these state directories, one for each cluster.
 * @throws the errors of the file system, except for missing files
 */
export async function sumUsage(
  stateDirs: readonly string[],
  { by, ...period }: HistoryPeriod & { readonly by: UsageKey },
): Promise<UsageReport> {
  const sum = createUsageSum(by);
  for (const stateDir of stateDirs) for await (const attempt of readHistory(stateDir, period)) sum.add(attempt);
  return sum.finish();
}

/** One attempt after the other, so that a year need not be in memory. Pure. */
export function createUsageSum(by: UsageKey): UsageSum {
  const groups = new Map<string, Group>();
  const total = createGroup();
  return {
    add(attempt) {
      const { name, id } = IDENTITY[by](attempt);
      const key = id ?? name ?? '';
      const group = groups.get(key) ?? createGroup();
      groups.set(key, group);
      // A user or project may have been renamed: the latest name counts.
      group.name = name ?? group.name;
      group.id = id;
      addTo(group, attempt);
      addTo(total, attempt);
    },
    finish: () => ({
      by,
      rows: [...groups.values()].map(rowOf).sort(compareRows),
      total: rowOf(total),
    }),
  };
}

interface Identity {
  readonly name: string | undefined;
  readonly id: string | undefined;
}

const IDENTITY: Readonly<Record<UsageKey, (attempt: EndedAttempt) => Identity>> = {
  user: ({ userId, userName }) => ({ name: userName, id: userId }),
  queue: ({ queue }) => ({ name: queue, id: undefined }),
  project: ({ project }) => ({ name: project, id: undefined }),
  template: ({ template }) => ({ name: template, id: undefined }),
  cluster: ({ cluster }) => ({ name: cluster, id: undefined }),
};

const SUMS = ['nodeSec', 'cpuSec', 'gpuSec'] as const;

/** Mutable. */
interface Group {
  name: string | undefined;
  id: string | undefined;
  tasks: number;
  jobs: number;
  accounted: number;
  readonly sums: Map<(typeof SUMS)[number], number>;
  readonly cpu: Part;
  readonly memory: Part;
  readonly waits: number[];
  readonly queueWaits: number[];
  readonly causes: Partial<Record<CauseOfEnd, number>>;
}

interface Part {
  used: number;
  allocated: number;
}

function createGroup(): Group {
  return {
    name: undefined,
    id: undefined,
    tasks: 0,
    jobs: 0,
    accounted: 0,
    sums: new Map(),
    cpu: { used: 0, allocated: 0 },
    memory: { used: 0, allocated: 0 },
    waits: [],
    queueWaits: [],
    causes: {},
  };
}

function addTo(group: Group, attempt: EndedAttempt): void {
  const { cause, job, startedAt, submittedAt, enqueuedAt, waitSec, elapsedSec = 0 } = attempt;
  if (cause !== 'retried') group.tasks += 1;
  if (job !== undefined) group.jobs += 1;
  if (isAccounted(attempt)) group.accounted += 1;
  group.causes[cause] = (group.causes[cause] ?? 0) + 1;
  for (const sum of SUMS) {
    const seconds = attempt[sum];
    if (seconds !== undefined) group.sums.set(sum, (group.sums.get(sum) ?? 0) + seconds);
  }
  if (startedAt !== undefined && waitSec !== undefined) group.waits.push(waitSec);
  // The clocks of ClearML and Slurm may differ by seconds.
  if (submittedAt !== undefined && enqueuedAt !== undefined)
    group.queueWaits.push(Math.max(0, (submittedAt - enqueuedAt) / 1000));
  addPart(group.cpu, attempt.usedCpuSec, attempt.cpuSec);
  addPart(group.memory, times(attempt.usedMemoryMb, elapsedSec), times(attempt.memoryMb, elapsedSec));
}

function times(amount: number | undefined, seconds: number): number | undefined {
  return amount === undefined ? undefined : amount * seconds;
}

/** Only where both are known. */
function addPart(part: Part, used: number | undefined, allocated: number | undefined): void {
  if (used === undefined || allocated === undefined) return;
  part.used += used;
  part.allocated += allocated;
}

function rowOf({ name, id, tasks, jobs, accounted, sums, cpu, memory, waits, queueWaits, causes }: Group): UsageRow {
  const hours = (sum: (typeof SUMS)[number]): number | undefined => {
    const seconds = sums.get(sum);
    return seconds === undefined ? undefined : seconds / 3600;
  };
  return {
    name,
    id,
    tasks,
    jobs,
    accounted,
    nodeHours: hours('nodeSec'),
    cpuHours: hours('cpuSec'),
    gpuHours: hours('gpuSec'),
    wait: quantiles(waits),
    queueWait: quantiles(queueWaits),
    cpuEfficiency: efficiency(cpu),
    memoryEfficiency: efficiency(memory),
    causes: inTableOrder(causes),
  };
}

function inTableOrder(causes: Group['causes']): UsageRow['causes'] {
  return Object.fromEntries(
    Object.keys(CAUSES).flatMap((cause) => {
      const count = causes[cause as CauseOfEnd];
      return count === undefined ? [] : [[cause, count]];
    }),
  );
}

function efficiency({ used, allocated }: Part): number | undefined {
  return allocated === 0 ? undefined : used / allocated;
}

/** By the nearest rank: both are values that occurred. */
function quantiles(values: number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
  return { median: at(0.5), p90: at(0.9) };
}

function compareRows(one: UsageRow, other: UsageRow): number {
  for (const figure of ['gpuHours', 'cpuHours', 'nodeHours', 'tasks'] as const) {
    const difference = (other[figure] ?? 0) - (one[figure] ?? 0);
    if (difference !== 0) return difference;
  }
  return (one.name ?? '').localeCompare(other.name ?? '');
}
