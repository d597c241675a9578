// Recognizes the calls with which a daemon claims a task.
import type { Fields } from '../../../src/sandbox/requests/endpoint.ts';
import { OWN_QUEUE } from '../queues.ts';
import type { CallObserver } from '../server.ts';

type ObservedCall = Omit<Parameters<CallObserver>[0], 'owner'>;

/**
 * Whether the call claims a task if that still waits: from the head of the queue, or from behind an entry that cannot become the head.
 * A daemon also removes the entry of a task that a user deleted while the daemon returned it.
 */
export function isClaim({
  endpoint,
  lines: [body],
  before,
}: Pick<ObservedCall, 'endpoint' | 'lines' | 'before'>): boolean {
  const mayClaim = endpoint === 'queues.get_next_task' || (endpoint === 'queues.remove_task' && before !== undefined);
  return mayClaim && body?.['queue'] === OWN_QUEUE;
}

/** Whether the server granted the claim. */
export function isGranted(answer: Fields): boolean {
  return answer['entry'] !== undefined || Number(answer['removed']) > 0;
}
