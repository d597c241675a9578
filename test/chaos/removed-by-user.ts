// Finds when a user removed a task from the scheduler queue, which the server records nowhere else.
import type { TaskHistory } from './observed-history.ts';
import type { ServerCall } from './server-record.ts';

/** Returns when the user removed the task's entry; undefined if no entry was removed. */
export function removedAt({ calls, servedQueue }: TaskHistory, since: number): number | undefined {
  const removal = calls.find((call) => {
    const { who, endpoint, queue, at, response: answer } = call;
    if (who !== 'user' || at < since || queue === servedQueue) return false;
    if (endpoint === 'queues.remove_task') return answer === undefined || answer.count === 1;
    return endpoint === 'queues.clear_queue' && isDone(call) && isParked({ calls, servedQueue }, call);
  });
  return removal?.at;
}

/** Whether the queue may have contained the task's entry: it was added, and no recorded call removed it before the queue was cleared. */
function isParked({ calls, servedQueue }: Pick<TaskHistory, 'calls' | 'servedQueue'>, clear: ServerCall): boolean {
  const until = clear.response?.at ?? Infinity;
  const added = calls.findLast(
    (call) => call.endpoint === 'queues.add_task' && call.queue !== servedQueue && call.at <= until && isDone(call),
  );
  if (added === undefined) return false;
  return !calls.some(
    ({ endpoint, at, response: answer }) =>
      endpoint === 'queues.remove_task' && at > added.at && answer?.count === 1 && answer.at < clear.at,
  );
}

function isDone({ response: answer }: ServerCall): boolean {
  return answer === undefined || answer.code === 200;
}
