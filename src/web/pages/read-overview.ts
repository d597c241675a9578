// What the first page shows: health, queues, active tasks and ends, filtered by the query of the request.
import type { ClusterMonitor } from '../../daemon/monitor/cluster-monitor.ts';
import type { Health, HealthFacts } from '../../daemon/monitor/decide-readiness.ts';
import type { LimitUse, QueueHolds } from '../../daemon/claim/hold-reasons.ts';
import type { Pause } from '../../daemon/pause/pauses-file.ts';
import type { Monitor } from '../../daemon/monitor/monitor.ts';
import { PHASES, phaseOf, type Phase, type StatusRow } from '../../daemon/status/status-row.ts';
import { CAUSES } from '../../history/ended-attempt.ts';
import type { AttemptLog, PastAttempt } from './read-recent-attempts.ts';
import { percentile, type TaskTimes } from './plot-series.ts';

export interface Filter {
  readonly queue: string;
  readonly owner: string;
  /** Empty: every phase. */
  readonly phase: Phase | '';
  /** A part of a name, an id or a job id, in lower case. */
  readonly text: string;
  /** From 1. */
  readonly page: number;
}

export interface QueueSummary {
  readonly cluster: string;
  readonly queue: string;
  readonly phases: Readonly<Record<Phase, number>>;
  /** Of the last 24 hours; undefined if no task started. */
  readonly medianWaitSec: number | undefined;
  readonly completed: number;
  /** Other ends, without attempts that are made again. */
  readonly otherEnds: number;
  readonly holds: QueueHolds | undefined;
}

export interface TaskLine extends StatusRow {
  readonly phase: Phase;
  readonly cluster: string;
}

export interface EndedLine {
  readonly attempt: PastAttempt;
  readonly name: string | undefined;
  readonly why: string;
}

export interface ClusterSummary extends Health, HealthFacts {
  readonly label: string;
  readonly tracked: number;
  /** Of the cluster. */
  readonly limits: readonly LimitUse[];
  readonly arePausesUnreadable: boolean;
  /** Why no task of any queue is claimed; undefined if tasks are claimed. */
  readonly pause: Pause | undefined;
  readonly backoffUntil: number | undefined;
}

export interface Overview {
  readonly clusters: readonly ClusterSummary[];
  readonly queues: readonly QueueSummary[];
  readonly tasks: readonly TaskLine[];
  readonly taskCount: number;
  readonly pages: number;
  readonly ended: readonly EndedLine[];
  readonly owners: readonly string[];
}

const PAGE_SIZE = 50;
const ENDED_SHOWN = 15;
const DAY_MS = 86_400_000;

export function parseFilter(query: URLSearchParams): Filter {
  const given = (name: string): string => (query.get(name) ?? '').slice(0, 200);
  const page = Number(given('page'));
  return {
    queue: given('queue'),
    owner: given('owner'),
    phase: PHASES.find((phase) => phase === given('state')) ?? '',
    text: given('q').trim().toLowerCase(),
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** @param now milliseconds since 1970 */
export async function readOverview(monitor: Monitor, log: AttemptLog, filter: Filter, now: number): Promise<Overview> {
  const clusters = monitor.clusters();
  const past = await log.read();
  const today = past.filter(({ recordedAt }) => recordedAt >= now - DAY_MS);
  const all = clusters.flatMap((cluster) => linesOf(cluster));
  const found = all.filter((line) => matches(line, filter));
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
  const from = (Math.min(filter.page, pages) - 1) * PAGE_SIZE;
  return {
    clusters: clusters.map(summaryOf),
    queues: clusters.flatMap((cluster) => summaries(cluster, all, today)),
    tasks: found.slice(from, from + PAGE_SIZE),
    taskCount: found.length,
    pages,
    ended: lastEnds(past, filter).map((attempt) => describeAttempt(attempt, clusters)),
    owners: [...new Set(all.flatMap(({ owner }) => (owner === undefined ? [] : [owner])))].sort(),
  };
}

function summaryOf(cluster: ClusterMonitor): ClusterSummary {
  const holds = cluster.holds();
  const { tracked, backoffUntil } = cluster.limits();
  const pauses = holds === 'unreadable' ? [] : holds.queues.map(({ pause }) => pause);
  return {
    ...cluster.health(),
    label: cluster.label(),
    tracked,
    backoffUntil,
    limits: holds === 'unreadable' ? [] : holds.limits,
    arePausesUnreadable: holds === 'unreadable',
    pause: pauses.find((pause) => pause?.queue === null),
  };
}

function linesOf(cluster: ClusterMonitor): TaskLine[] {
  const label = cluster.label();
  return cluster.state().rows.map((row) => ({ ...row, phase: phaseOf(row), cluster: label }));
}

function matches({ queue, owner, phase, name, task, job }: TaskLine, filter: Filter): boolean {
  if (filter.queue !== '' && queue !== filter.queue) return false;
  if (filter.owner !== '' && owner !== filter.owner) return false;
  if (filter.phase !== '' && phase !== filter.phase) return false;
  return filter.text === '' || [name, task, job].some((text) => text?.toLowerCase().includes(filter.text) === true);
}

function summaries(cluster: ClusterMonitor, all: readonly TaskLine[], today: readonly PastAttempt[]): QueueSummary[] {
  const label = cluster.label();
  const { queues, waiting } = cluster.state();
  const holds = cluster.holds();
  return queues.map((queue) => {
    const phases = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>;
    phases.waiting = waiting.filter((row) => row.queue === queue).length;
    for (const line of all) if (line.cluster === label && line.queue === queue) phases[line.phase] += 1;
    const its = today.filter((attempt) => attempt.queue === queue && attempt.cluster === cluster.slurmName());
    const started = [...its, ...cluster.histories.active()].filter((one) => one.queue === queue);
    const waits = started.flatMap(({ enqueuedAt, startedAt }) =>
      enqueuedAt === undefined || startedAt === undefined ? [] : [Math.max(0, startedAt - enqueuedAt) / 1000],
    );
    return {
      cluster: label,
      queue,
      phases,
      medianWaitSec: percentile(waits, 0.5) ?? undefined,
      completed: its.filter(({ cause }) => cause === 'completed').length,
      holds: holds === 'unreadable' ? undefined : holds.queues.find((one) => one.queue === queue),
      otherEnds: its.filter(({ cause }) => cause !== 'completed' && cause !== 'retried').length,
    };
  });
}

function lastEnds(past: readonly PastAttempt[], { queue, owner }: Filter): PastAttempt[] {
  return past
    .filter(({ cause }) => cause !== 'retried')
    .filter((attempt) => (queue === '' || attempt.queue === queue) && (owner === '' || attempt.userName === owner))
    .slice(-ENDED_SHOWN)
    .reverse();
}

function describeAttempt(attempt: PastAttempt, clusters: readonly ClusterMonitor[]): EndedLine {
  for (const { histories } of clusters) {
    const found = histories.find(attempt.task);
    if (found?.end !== undefined) return { attempt, name: found.name, why: found.end.why };
  }
  return { attempt, name: undefined, why: attempt.cause === 'completed' ? '' : `${CAUSES[attempt.cause]}.` };
}

/** The times of all tasks of the last 30 days, for plots. */
export async function readTimes(monitor: Monitor, log: AttemptLog): Promise<TaskTimes[]> {
  const past = (await log.read()).map((attempt) => ({ ...attempt, endedAt: attempt.endedAt ?? attempt.recordedAt }));
  const active = monitor.clusters().flatMap(({ histories }) => [...histories.active()]);
  const waiting = monitor.clusters().flatMap((cluster) => cluster.state().waiting);
  return [
    ...past,
    ...active.map(({ queue, enqueuedAt, submittedAt, startedAt }) => ({ queue, enqueuedAt, submittedAt, startedAt })),
    ...waiting.map(({ queue, since }) => ({ queue, enqueuedAt: since })),
  ];
}
