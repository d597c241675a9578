// The series of the plots: tasks by state, waits, ends and throughput, in equal intervals. Pure.
import { CAUSES, type CauseOfEnd } from '../../history/ended-attempt.ts';

export const RANGES = {
  '24h': { title: '24 hours', ms: 86_400_000, stepMs: 1_800_000 },
  '30d': { title: '30 days', ms: 30 * 86_400_000, stepMs: 43_200_000 },
} as const;
export type Range = keyof typeof RANGES;

/** A task's times, milliseconds since 1970; undefined if it has not come so far, or it is unknown. */
export interface TaskTimes {
  readonly queue: string;
  readonly enqueuedAt?: number | undefined;
  readonly submittedAt?: number | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** undefined while the task is active. */
  readonly cause?: CauseOfEnd | undefined;
}

export interface Plot {
  readonly id: 'states' | 'waits' | 'ends' | 'throughput';
  readonly title: string;
  readonly kind: 'stacked' | 'lines' | 'bars';
  readonly unit: 'tasks' | 'seconds';
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface Plots {
  /** The end of each interval, seconds since 1970. */
  readonly times: readonly number[];
  readonly plots: readonly Plot[];
}

/** More queues in one plot cannot be told from each other. */
const MAX_QUEUES = 5;

export function makePlots(tasks: readonly TaskTimes[], range: Range, now: number): Plots {
  const { ms, stepMs } = RANGES[range];
  const steps = ms / stepMs;
  const end = Math.ceil(now / stepMs) * stepMs;
  const times = Array.from({ length: steps }, (_, index) => end - (steps - 1 - index) * stepMs);
  const start = end - ms;
  /** The interval of a moment; -1 outside. */
  const stepOf = (at: number | undefined): number =>
    at === undefined || at < start || at >= end ? -1 : Math.floor((at - start) / stepMs);
  const count = (momentOf: (task: TaskTimes) => number | undefined): number[] => {
    const values = times.map(() => 0);
    for (const task of tasks) {
      const step = stepOf(momentOf(task));
      if (step >= 0) values[step] = (values[step] ?? 0) + 1;
    }
    return values;
  };

  /** The first interval whose end, or now, is not before this moment; `steps` if there is none. */
  const firstUntil = (at: number): number => (at <= now ? Math.max(0, Math.ceil((at - start) / stepMs) - 1) : steps);

  /** How many tasks are in a state at the end of each interval, or now. */
  function present(isIn: (task: TaskTimes) => readonly [from: number | undefined, to: number]): number[] {
    const changes = Array.from({ length: steps + 1 }, () => 0);
    for (const task of tasks) {
      const [from, to] = isIn(task);
      if (from === undefined || to <= from) continue;
      const [first, after] = [firstUntil(from), firstUntil(to)];
      changes[first] = (changes[first] ?? 0) + 1;
      changes[after] = (changes[after] ?? 0) - 1;
    }
    let sum = 0;
    return times.map((_, index) => (sum += changes[index] ?? 0));
  }

  const inRange = tasks.filter(({ endedAt }) => stepOf(endedAt) >= 0);
  const causes = (Object.keys(CAUSES) as CauseOfEnd[]).filter((cause) => inRange.some((task) => task.cause === cause));
  const queues = busiest(tasks.filter(({ startedAt }) => stepOf(startedAt) >= 0).map(({ queue }) => queue));
  return {
    times: times.map((at) => at / 1000),
    plots: [
      {
        id: 'states',
        title: 'Tasks by state',
        kind: 'stacked',
        unit: 'tasks',
        series: [
          { name: 'running', values: present(({ startedAt, endedAt = Infinity }) => [startedAt, endedAt]) },
          {
            name: 'pending in Slurm',
            values: present(({ submittedAt, startedAt, endedAt = Infinity }) => [submittedAt, startedAt ?? endedAt]),
          },
          {
            name: 'waiting in ClearML',
            values: present(({ enqueuedAt, submittedAt, startedAt, endedAt = Infinity }) => [
              enqueuedAt,
              submittedAt ?? startedAt ?? endedAt,
            ]),
          },
        ],
      },
      {
        id: 'waits',
        title: 'Wait from enqueue to start',
        kind: 'lines',
        unit: 'seconds',
        series: queues.flatMap((queue) => {
          const waits = waitsByStep(tasks, queue, stepOf, steps);
          return [
            { name: `${queue}, median`, values: waits.map((values) => percentileOf(values, 0.5)) },
            { name: `${queue}, p90`, values: waits.map((values) => percentileOf(values, 0.9)) },
          ];
        }),
      },
      {
        id: 'ends',
        title: 'Ends by cause',
        kind: 'stacked',
        unit: 'tasks',
        series: causes.map((cause) => ({
          name: cause,
          values: count((task) => (task.cause === cause ? task.endedAt : undefined)),
        })),
      },
      {
        id: 'throughput',
        title: 'Throughput',
        kind: 'lines',
        unit: 'tasks',
        series: [
          { name: 'enqueued', values: count(({ enqueuedAt }) => enqueuedAt) },
          { name: 'started', values: count(({ startedAt }) => startedAt) },
          { name: 'ended', values: count(({ endedAt }) => endedAt) },
        ],
      },
    ],
  };
}

/** The waits of the tasks that started in each interval, the shortest first. */
function waitsByStep(
  tasks: readonly TaskTimes[],
  wanted: string,
  stepOf: (at: number | undefined) => number,
  steps: number,
): number[][] {
  const waits: number[][] = Array.from({ length: steps }, () => []);
  for (const { queue, enqueuedAt, startedAt } of tasks) {
    if (queue !== wanted || enqueuedAt === undefined || startedAt === undefined) continue;
    waits[stepOf(startedAt)]?.push(Math.max(0, startedAt - enqueuedAt) / 1000);
  }
  return waits.map(sorted);
}

function busiest(queues: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const queue of queues) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_QUEUES)
    .map(([queue]) => queue)
    .sort();
}

/** The nearest-rank percentile; null of nothing. @param share 0 to 1 */
export function percentile(values: readonly number[], share: number): number | null {
  return percentileOf(sorted(values), share);
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** @param values the smallest first */
function percentileOf(values: readonly number[], share: number): number | null {
  return values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? null;
}
