// How long a worker counts as there: so many seconds after it was heard of last.
import type { WorkerDocument } from './documents.ts';
import type { Store } from './store.ts';

export const DEFAULT_WORKER_TIMEOUT_MS = 600_000;

/** Workers that have not fallen silent for longer than their own timeout. */
export function livingWorkers(store: Store, nowAt: number): WorkerDocument[] {
  return store.workers.all().filter((worker) => nowAt - worker.lastActivityAt < worker.timeoutMs);
}

export function isWatched(store: Store, nowAt: number, queue: string): boolean {
  return livingWorkers(store, nowAt).some((worker) => worker.queues.includes(queue));
}
