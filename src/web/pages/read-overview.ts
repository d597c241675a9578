// What the first page shows: health, queues, active tasks and ends, filtered by the query of the request.
// What has not changed since an earlier reading is the same object, so that it is not rendered again.
import { rememberLast } from '../../base/remember-last.ts';
import { escapeToOneLine } from '../../base/terminal-text.ts';
import type { ClusterMonitor } from '../../daemon/monitor/cluster-monitor.ts';
import type { Health, HealthFacts } from '../../daemon/monitor/decide-readiness.ts';
import type { LimitUse } from '../../daemon/claim/hold-reasons.ts';
import type { Pause } from '../../daemon/pause/pauses-file.ts';
import type { Monitor } from '../../daemon/monitor/monitor.ts';
import { PHASES, phaseOf, type Phase, type StatusRow } from '../../daemon/status/status-row.ts';
import { CAUSES } from '../../history/ended-attempt.ts';
import type { AttemptLog, PastAttempt } from './read-recent-attempts.ts';
import type { TaskTimes } from './plot-series.ts';
import { summarizeQueues, type ClusterFacts, type QueueSummary } from './queue-summaries.ts';

export interface Filter {
  /** The names with escapes in place of invisible characters, as the form of the page sends them. */
  readonly queue: string;
  readonly owner: string;
  /** Empty: every phase. */
  readonly phase: Phase | '';
  /** A part of a name, an id or a job id, in lower case. */
  readonly text: string;
  /** From 1. */
  readonly page: number;
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
    queue: escapeToOneLine(given('queue')),
    owner: escapeToOneLine(given('owner')),
    phase: PHASES.find((phase) => phase === given('state')) ?? '',
    text: given('q').trim().toLowerCase(),
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

/** Reads the overview of one filter, as of now (milliseconds since 1970). */
type ReadOverview = (now: number) => Promise<Overview>;

/** Returns a function that creates a reader for one filter: what does not depend on the filter is read once for all of them. */
export function createOverviewReader(monitor: Monitor, log: AttemptLog): (filter: Filter) => ReadOverview {
  const summarizers = new WeakMap<ClusterMonitor, ReturnType<typeof createSummarizer>>();
  const lines = new WeakMap<StatusRow, TaskLine>();
  const latest = rememberLast((past: readonly PastAttempt[], from: number) => past.slice(from));
  const ownersOf = rememberLast((...all: readonly (readonly StatusRow[])[]) => {
    const owners = new Set<string>();
    for (const rows of all) for (const { owner } of rows) if (owner !== undefined) owners.add(owner);
    return [...owners].sort();
  });

  function summaries(cluster: ClusterMonitor, today: readonly PastAttempt[]): readonly QueueSummary[] {
    const known = summarizers.get(cluster) ?? createSummarizer(cluster);
    summarizers.set(cluster, known);
    return known(today);
  }

  function lineOf(row: StatusRow, cluster: string): TaskLine {
    const known = lines.get(row);
    if (known?.cluster === cluster) return known;
    const line = { ...row, phase: phaseOf(row), cluster };
    lines.set(row, line);
    return line;
  }

  return (filter) => {
    const find = rememberLast((...all: readonly (readonly StatusRow[])[]) =>
      all.map((rows) => rows.filter((row) => matches(row, filter))),
    );
    const findEnds = rememberLast((past: readonly PastAttempt[]) => lastEnds(past, filter));
    const describeEnds = rememberLast((ends: readonly PastAttempt[], _changes: number) =>
      ends.map((attempt) => describeAttempt(attempt, monitor.clusters())),
    );

    return async (now) => {
      const past = await log.read();
      const clusters = monitor.clusters();
      const today = latest(past, findFirst(past, now - DAY_MS));
      const all = clusters.map((cluster) => cluster.state().rows);
      const found = find(...all);
      const taskCount = found.reduce((sum, rows) => sum + rows.length, 0);
      const pages = Math.max(1, Math.ceil(taskCount / PAGE_SIZE));
      const changes = clusters.reduce((sum, { histories }) => sum + histories.changes(), 0);
      return {
        clusters: clusters.map(summaryOf),
        queues: clusters.flatMap((cluster) => summaries(cluster, today)),
        tasks: pageOf(found, Math.min(filter.page, pages)).flatMap((rows, index) =>
          rows.map((row) => lineOf(row, clusters[index]?.label() ?? '')),
        ),
        taskCount,
        pages,
        ended: describeEnds(findEnds(past), changes),
        owners: ownersOf(...all),
      };
    };
  };
}

/** The rows on this page, of each cluster. */
function pageOf(found: readonly (readonly StatusRow[])[], page: number): readonly (readonly StatusRow[])[] {
  let from = (page - 1) * PAGE_SIZE;
  return found.map((rows) => {
    const shown = rows.slice(Math.max(0, from), Math.max(0, from + PAGE_SIZE));
    from -= rows.length;
    return shown;
  });
}

/** The index of the first attempt that was recorded then or later. They are many, and sorted. */
function findFirst(past: readonly PastAttempt[], since: number): number {
  let [low, high] = [0, past.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((past[middle]?.recordedAt ?? Infinity) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Summarizes the queues of a cluster again only if something has changed. */
function createSummarizer(cluster: ClusterMonitor): (today: readonly PastAttempt[]) => readonly QueueSummary[] {
  const ofCluster = rememberLast((today: readonly PastAttempt[], name: string) =>
    today.filter((attempt) => attempt.cluster === name),
  );
  const summarize = rememberLast(
    (
      label: string,
      queues: ClusterFacts['queues'],
      rows: ClusterFacts['rows'],
      waiting: ClusterFacts['waiting'],
      today: ClusterFacts['today'],
      holds: ClusterFacts['holds'],
      _changes: number,
    ) => summarizeQueues({ label, queues, rows, waiting, today, holds, active: cluster.histories.active() }),
  );
  return (today) => {
    const { queues, rows, waiting } = cluster.state();
    const its = ofCluster(today, cluster.slurmName());
    return summarize(cluster.label(), queues, rows, waiting, its, cluster.holds(), cluster.histories.changes());
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

function matches(row: StatusRow, filter: Filter): boolean {
  const { queue, owner, name, task, job } = row;
  if (!isNamed(queue, filter.queue) || !isNamed(owner, filter.owner)) return false;
  if (filter.phase !== '' && phaseOf(row) !== filter.phase) return false;
  return filter.text === '' || [name, task, job].some((text) => text?.toLowerCase().includes(filter.text) === true);
}

/** @param wanted of the filter; empty: any name */
function isNamed(name: string | undefined, wanted: string): boolean {
  return wanted === '' || (name !== undefined && escapeToOneLine(name) === wanted);
}

function lastEnds(past: readonly PastAttempt[], { queue, owner }: Filter): PastAttempt[] {
  return past
    .filter(({ cause }) => cause !== 'retried')
    .filter((attempt) => isNamed(attempt.queue, queue) && isNamed(attempt.userName, owner))
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
  const past = await log.read();
  const active = monitor.clusters().flatMap(({ histories }) => [...histories.active()]);
  const waiting = monitor.clusters().flatMap((cluster) => cluster.state().waiting);
  return [
    ...past,
    ...active.map(({ queue, enqueuedAt, submittedAt, startedAt }) => ({ queue, enqueuedAt, submittedAt, startedAt })),
    ...waiting.map(({ queue, since }) => ({ queue, enqueuedAt: since })),
  ];
}
