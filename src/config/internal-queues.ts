// Recognizes the internal queues of this program, which hold tasks while their jobs wait: users never enqueue there.

/** The suffix of a scheduler queue: the name of a cluster, or the queue for single tasks. */
const BEHIND = /^(?:$|\.|-execute$)/;

/** The queue for a task that `execute` submits although no user has enqueued it. */
export function ownQueueOf(schedulerQueue: string): string {
  return `${schedulerQueue}-execute`;
}

/** @param schedulerQueues their names in the configuration */
export function isInternalQueue(name: string, schedulerQueues: readonly string[]): boolean {
  return ['slurm_scheduler', ...schedulerQueues].some(
    (own) => name.startsWith(own) && BEHIND.test(name.slice(own.length)),
  );
}
