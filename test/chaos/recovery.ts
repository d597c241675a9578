// Measures how long a killed daemon takes to recover, until it claims a waiting task.
import type { InjectedFault } from './observed-history.ts';
import type { ServerCall } from './server-record.ts';

/**
 * Returns the milliseconds from each death of a daemon to its first claim, for the deaths after which a task was waiting when the
 * daemon restarted. Other deaths are omitted.
 */
export function recoveriesMs(faults: readonly InjectedFault[], calls: readonly ServerCall[]): number[] {
  return faults.flatMap(({ at, until, daemon }) => {
    if (daemon === undefined || until === undefined) return [];
    const claim = calls.find((call) => call.who === daemon && call.at > until && isClaim(call));
    if (claim === undefined) return [];
    const enqueued = calls.findLast(
      ({ task, endpoint, at: when }) => task === claim.task && endpoint === 'tasks.enqueue' && when < claim.at,
    );
    return enqueued === undefined || enqueued.at > until ? [] : [claim.at - at];
  });
}

/** For example `median 4.2 s, longest 7.0 s of 12`. */
export function describeRecoveries(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const seconds = (at: number): string => ((sorted[at] ?? 0) / 1000).toFixed(1);
  return `median ${seconds(Math.floor(sorted.length / 2))} s, longest ${seconds(sorted.length - 1)} s of ${sorted.length}`;
}

function isClaim({ endpoint, response: answer }: ServerCall): boolean {
  return endpoint === 'queues.get_next_task' && answer?.count === 1;
}
