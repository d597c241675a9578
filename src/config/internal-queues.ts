// Which queues are this program's own: tasks wait in them for their jobs, so that nobody enqueues there, and nothing is taken from them.

/** What stands behind the name of a scheduler queue: a cluster's name, and the queue of single tasks. */
const BEHIND = /^(?:$|\.|-execute$)/;

/** The queue in which a task stands that nobody has enqueued, before it is brought to Slurm by `execute`. */
export function ownQueueOf(schedulerQueue: string): string {
  return `${schedulerQueue}-execute`;
}

/** @param schedulerQueues the names of those that the configuration has */
export function isInternalQueue(name: string, schedulerQueues: readonly string[]): boolean {
  return ['slurm_scheduler', ...schedulerQueues].some(
    (own) => name.startsWith(own) && BEHIND.test(name.slice(own.length)),
  );
}
