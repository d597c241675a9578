// `/metrics`: counts the daemon's events, and reads the rest when it is scraped. The only file that uses prom-client.
import { readdir, stat } from 'node:fs/promises';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LIMIT_SETTINGS } from '../../base/job-limits.ts';
import { journalFile } from '../../daemon/journal/journal-lines.ts';
import { readVersion } from '../../base/installation.ts';
import type { ClusterMonitor } from '../../daemon/monitor/cluster-monitor.ts';
import type { LimitUse } from '../../daemon/claim/hold-reasons.ts';
import type { DaemonEvent } from '../../daemon/monitor/daemon-events.ts';
import type { Monitor } from '../../daemon/monitor/monitor.ts';
import { PHASES, phaseOf } from '../../daemon/status/status-row.ts';
import { METRICS, type MetricName, type MetricRow } from './metric-definitions.ts';
import type { Reply } from '../http-server.ts';

export interface Metrics {
  /** @param accept the header; OpenMetrics is sent only if it asks for it */
  scrape(accept: string): Promise<Reply>;
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const BUCKETS: Partial<Record<MetricName, number[]>> = {
  clearml_slurm_wait_seconds: [10, 30, MINUTE, 300, 900, 1800, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY],
  clearml_slurm_run_seconds: [30, MINUTE, 300, 900, 1800, HOUR, 4 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY],
  clearml_slurm_pass_duration_seconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90],
  clearml_slurm_call_duration_seconds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90],
};

/** What may hold a task in its queue. */
const HOLDS = [...Object.values(LIMIT_SETTINGS), 'pause', 'sudo', 'unlisted', 'refused', 'job'];

type Labels = Readonly<Record<string, string | number>>;

export function createMetrics(monitor: Monitor): Metrics {
  const registry = new Registry();
  const rows: readonly (readonly [string, MetricRow])[] = Object.entries(METRICS);
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { type, labels, help }] of rows) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === 'counter') counters.set(name, new Counter(options));
    else if (type === 'gauge') gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: BUCKETS[name as MetricName] ?? [] }));
  }
  const count = (name: MetricName, labels: Labels, by = 1): void => counters.get(name)?.inc(labels, by);
  const set = (name: MetricName, labels: Labels, value: number): void => gauges.get(name)?.set(labels, value);
  const observe = (name: MetricName, labels: Labels, ms: number): void =>
    histograms.get(name)?.observe(labels, ms / 1000);

  function note(event: DaemonEvent, cluster: string): void {
    switch (event.kind) {
      case 'claimed':
        count('clearml_slurm_claims_total', { cluster, queue: event.queue });
        return;
      case 'submitted':
        count('clearml_slurm_submissions_total', { cluster, queue: event.queue, outcome: event.outcome });
        return;
      case 'returned':
        count('clearml_slurm_returns_total', { cluster, queue: event.queue });
        return;
      case 'started':
        if (event.waitMs !== undefined)
          observe('clearml_slurm_wait_seconds', { cluster, queue: event.queue }, event.waitMs);
        return;
      case 'ended': {
        const { queue, attempt } = event;
        count('clearml_slurm_ends_total', { cluster, queue, cause: attempt.cause });
        const { startedAt, endedAt = attempt.recordedAt } = attempt;
        if (startedAt !== undefined)
          observe('clearml_slurm_run_seconds', { cluster, queue }, Math.max(0, endedAt - startedAt));
        return;
      }
      case 'pass':
        count('clearml_slurm_passes_total', { cluster, outcome: event.outcome });
        if (event.outcome === 'ok') observe('clearml_slurm_pass_duration_seconds', { cluster }, event.ms);
        return;
      case 'call': {
        const { service, command, outcome, ms } = event;
        count('clearml_slurm_calls_total', { cluster, service, command, outcome });
        observe('clearml_slurm_call_duration_seconds', { cluster, service }, ms);
        return;
      }
    }
  }
  monitor.onEvent(note);

  async function readCluster(watched: ClusterMonitor): Promise<void> {
    const cluster = watched.label();
    const { rows: active, waiting, queues } = watched.state();
    for (const queue of queues) {
      // A counter that appears with its first event has no rate for it.
      count('clearml_slurm_claims_total', { cluster, queue }, 0);
      count('clearml_slurm_submissions_total', { cluster, queue, outcome: 'accepted' }, 0);
      for (const cause of ['completed', 'failed']) count('clearml_slurm_ends_total', { cluster, queue, cause }, 0);
      for (const phase of PHASES) set('clearml_slurm_tasks', { cluster, queue, phase }, 0);
    }
    for (const { queue } of waiting) gauges.get('clearml_slurm_tasks')?.inc({ cluster, queue, phase: 'waiting' });
    for (const row of active)
      gauges.get('clearml_slurm_tasks')?.inc({ cluster, queue: row.queue ?? '', phase: phaseOf(row) });

    readHolds(watched, cluster);
    const health = watched.health();
    const { backoffUntil, tracked, now } = watched.limits();
    set('clearml_slurm_last_good_poll_timestamp_seconds', { cluster }, (health.passOkAt ?? 0) / 1000);
    for (const [service, at] of [
      ['clearml', health.clearmlOkAt],
      ['slurm', health.slurmOkAt],
    ] as const)
      set('clearml_slurm_last_response_timestamp_seconds', { cluster, service }, (at ?? 0) / 1000);
    set('clearml_slurm_ready', { cluster }, health.isReady ? 1 : 0);
    set('clearml_slurm_loop_lag_seconds', { cluster }, health.lagMs / 1000);
    set('clearml_slurm_backoff_seconds', { cluster }, Math.max(0, (backoffUntil ?? now) - now) / 1000);
    set('clearml_slurm_journal_entries', { cluster }, tracked);
    set('clearml_slurm_journal_writable', { cluster }, health.journalError === undefined ? 1 : 0);
    const journal = await stat(journalFile(watched.stateDir)).catch(() => undefined);
    set('clearml_slurm_journal_size_bytes', { cluster }, journal?.size ?? 0);
  }

  function readHolds(watched: ClusterMonitor, cluster: string): void {
    const holds = watched.holds();
    const { queues } = watched.state();
    for (const queue of queues) {
      const its = holds === 'unreadable' ? undefined : holds.queues.find((one) => one.queue === queue);
      set('clearml_slurm_paused', { cluster, queue }, holds === 'unreadable' || its?.pause !== undefined ? 1 : 0);
      setLimits({ cluster, queue }, its?.limits ?? []);
      // A series that disappears keeps its last value for five minutes.
      for (const limit of HOLDS) set('clearml_slurm_held_tasks', { cluster, queue, limit }, 0);
      for (const { why, tasks } of its?.held ?? []) {
        const limit = why.kind === 'limit' ? LIMIT_SETTINGS[why.name] : why.kind;
        gauges.get('clearml_slurm_held_tasks')?.inc({ cluster, queue, limit }, tasks);
      }
    }
    setLimits({ cluster, queue: '' }, holds === 'unreadable' ? [] : holds.limits);
  }

  function setLimits(labels: Labels, uses: readonly LimitUse[]): void {
    for (const { name, limit, used } of uses) {
      const its = { ...labels, limit: LIMIT_SETTINGS[name] };
      set('clearml_slurm_limit', its, limit);
      set('clearml_slurm_limit_used', its, used);
    }
  }

  async function readProcess(): Promise<void> {
    const { user, system } = process.cpuUsage();
    counters.get('process_cpu_seconds_total')?.reset();
    count('process_cpu_seconds_total', {}, (user + system) / 1e6);
    const { rss, heapUsed } = process.memoryUsage();
    set('process_resident_memory_bytes', {}, rss);
    set('nodejs_heap_size_used_bytes', {}, heapUsed);
    set('process_start_time_seconds', {}, Math.round(performance.timeOrigin / 1000));
    set('process_open_fds', {}, (await readdir('/proc/self/fd').catch(() => [])).length);
    set('clearml_slurm_build_info', { version: readVersion(), node: process.version }, 1);
  }

  async function read(isOpenMetrics: boolean): Promise<Reply> {
    // Clusters and queues may have changed.
    for (const gauge of gauges.values()) gauge.reset();
    await Promise.all([...monitor.clusters().map(readCluster), readProcess()]);
    const type = isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
    registry.setContentType(type as typeof registry.contentType);
    return { status: 200, type, body: await registry.metrics() };
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    // One after the other, because the format is a setting of the registry.
    scrape(accept) {
      const next = last.then(() => read(accept.includes('application/openmetrics-text')));
      last = next.catch(() => undefined);
      return next;
    },
  };
}
