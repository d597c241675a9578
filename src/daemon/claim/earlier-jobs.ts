// Waiting tasks that must not be claimed yet: the daemon still tracks them, or an earlier job of theirs may still run.
import { elapsedMs } from '../../base/past-time.ts';
import type { QueueEntry } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { DaemonDeps } from '../deps.ts';
import { findLiveJob, type Snapshot } from '../poll/poll.ts';
import type { HoldReason } from './hold-reasons.ts';

/** Long enough for the end of a cancelled job. A job may stay COMPLETING for days, if one of its processes cannot be killed. */
const HOLDS_OTHERS_MS = 60_000;

export interface UnclaimableTasks {
  /** They hold the tasks behind them, so that these keep their order. */
  readonly skip: ReadonlySet<TaskId>;
  /** They have waited for longer: the tasks behind them are claimed meanwhile. */
  readonly passed: ReadonlyMap<TaskId, HoldReason>;
}

type FindEarlierJobs = (
  snapshot: Snapshot,
  queues: readonly { readonly entries: readonly QueueEntry[] }[],
) => UnclaimableTasks;

export function createEarlierJobsFinder({ journal, clock }: Pick<DaemonDeps, 'journal' | 'clock'>): FindEarlierJobs {
  /** Since when such a task waits in its queue. */
  const since = new Map<TaskId, number>();

  function isUnclaimable(snapshot: Snapshot, task: TaskId): boolean {
    return journal.entries.has(task) || findLiveJob(snapshot, task) !== undefined;
  }

  function reasonOf(snapshot: Snapshot, task: TaskId): HoldReason {
    const live = findLiveJob(snapshot, task);
    return { kind: 'job', job: live?.id ?? journal.entries.get(task)?.jobId, state: live?.state };
  }

  return (snapshot, queues) => {
    const now = clock.now();
    // Not only those in the queues: of a long queue, only the first entries may have been read.
    for (const task of since.keys()) if (!isUnclaimable(snapshot, task)) since.delete(task);
    const skip = new Set<TaskId>();
    const passed = new Map<TaskId, HoldReason>();
    for (const { task } of queues.flatMap(({ entries }) => entries)) {
      if (!isUnclaimable(snapshot, task)) continue;
      const from = since.get(task) ?? now;
      since.set(task, from);
      if (elapsedMs(from, now) >= HOLDS_OTHERS_MS) passed.set(task, reasonOf(snapshot, task));
      else skip.add(task);
    }
    return { skip, passed };
  };
}
