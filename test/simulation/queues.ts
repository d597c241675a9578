// The ids of the simulated queues, and a short name for tasks.
import type { QueueId } from '../../src/clearml/ids.ts';

/** The queue that the daemons serve. */
export const OWN_QUEUE = 'a'.repeat(32) as QueueId;
/** The queue that a stock agent serves. */
export const OTHER_QUEUE = 'b'.repeat(32) as QueueId;
export const SCHEDULER_QUEUE = 'c'.repeat(32) as QueueId;

export function named(task: string): string {
  return `task ${Number(task)}`;
}
