// A worker is alive for its timeout after its last report.
import type { WorkerDocument } from './store/documents.ts';
import type { Store } from './store/store.ts';

export const DEFAULT_WORKER_TIMEOUT_MS = 600_000;

/** Workers whose last report is not older than their timeout. */
export function livingWorkers(store: Store, nowAt: number): WorkerDocument[] {
  return store.workers.all().filter((worker) => nowAt - worker.lastActivityAt < worker.timeoutMs);
}

export function isWatched(store: Store, nowAt: number, queue: string): boolean {
  return livingWorkers(store, nowAt).some((worker) => worker.queues.includes(queue));
}
