// The queues of the simulated world by id, and a task's short name.
import type { QueueId } from '../../src/clearml/ids.ts';

/** Served by our daemons. */
export const OWN_QUEUE = 'a'.repeat(32) as QueueId;
/** Served by a stock agent. */
export const OTHER_QUEUE = 'b'.repeat(32) as QueueId;
export const SCHEDULER_QUEUE = 'c'.repeat(32) as QueueId;

export function named(task: string): string {
  return `task ${Number(task)}`;
}
