// The numbers of each queue of a cluster: tasks by phase, the median wait, and the ends of the last 24 hours. Pure.
import type { Holds, QueueHolds } from '../../daemon/claim/hold-reasons.ts';
import type { ClusterState } from '../../daemon/monitor/cluster-monitor.ts';
import { PHASES, phaseOf, type Phase } from '../../daemon/status/status-row.ts';
import { percentile, type TaskTimes } from './plot-series.ts';
import type { PastAttempt } from './read-recent-attempts.ts';

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

export interface ClusterFacts extends Pick<ClusterState, 'queues' | 'rows' | 'waiting'> {
  readonly label: string;
  readonly active: Iterable<TaskTimes>;
  /** The attempts on this cluster that ended in the last 24 hours. */
  readonly today: readonly PastAttempt[];
  readonly holds: Holds | 'unreadable';
}

export function summarizeQueues({
  label,
  queues,
  rows,
  waiting,
  active,
  today,
  holds,
}: ClusterFacts): readonly QueueSummary[] {
  const phases = new Map(queues.map((queue) => [queue, noTasks()]));
  const waits = new Map(queues.map((queue): [string, number[]] => [queue, []]));
  const addTo = (queue: string, phase: Phase): void => {
    const counts = phases.get(queue);
    if (counts !== undefined) counts[phase] += 1;
  };
  const addWait = ({ queue, enqueuedAt, startedAt }: TaskTimes): void => {
    if (enqueuedAt !== undefined && startedAt !== undefined)
      waits.get(queue)?.push(Math.max(0, startedAt - enqueuedAt) / 1000);
  };
  for (const { queue } of waiting) addTo(queue, 'waiting');
  for (const row of rows) if (row.queue !== undefined) addTo(row.queue, phaseOf(row));
  for (const attempt of today) addWait(attempt);
  for (const one of active) addWait(one);
  return queues.map((queue) => {
    const its = today.filter((attempt) => attempt.queue === queue);
    return {
      cluster: label,
      queue,
      phases: phases.get(queue) ?? noTasks(),
      medianWaitSec: percentile(waits.get(queue) ?? [], 0.5) ?? undefined,
      completed: its.filter(({ cause }) => cause === 'completed').length,
      otherEnds: its.filter(({ cause }) => cause !== 'completed' && cause !== 'retried').length,
      holds: holds === 'unreadable' ? undefined : holds.queues.find((one) => one.queue === queue),
    };
  });
}

function noTasks(): Record<Phase, number> {
  return Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>;
}
