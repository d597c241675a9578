// Writes an audit line before each change of a task's status or queue, in the one place that all of them pass.
import type { ClearmlClient, StatusNote } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { meaningOf, type StatusReason } from '../end/status-reasons.ts';
import type { Journal } from '../journal/journal.ts';
import type { AuditEvent, StatusAction } from './audit-line.ts';
import type { AuditLog } from './audit-log.ts';
import { messageOf } from '../../base/error-message.ts';

type Change = Pick<Extract<AuditEvent, { event: 'changing status' }>, 'to' | 'action'>;

const ABORTED: StatusNote & { readonly reason: StatusReason } = { reason: 'aborted', message: '' };
const RETURNED: StatusNote & { readonly reason: StatusReason } = { reason: 'returned to its queue', message: '' };

/** The same client, whose changes are in the audit log. */
export function withAuditedStatuses(
  clearml: ClearmlClient,
  audit: Pick<AuditLog, 'write'>,
  journal: Pick<Journal, 'entries'>,
): ClearmlClient {
  const { tasks, queues } = clearml;

  async function change<Result>(
    task: TaskId,
    what: Change,
    note: StatusNote,
    effect: () => Promise<Result>,
    by = meaningOf(note.reason).by,
  ): Promise<Result> {
    const { queueName: queue, jobId: job } = journal.entries.get(task) ?? {};
    await audit.write({ event: 'changing status', task, queue, job, ...what, by, ...note });
    try {
      return await effect();
    } catch (error) {
      const why = messageOf(error);
      await audit.write({ event: 'status not changed', task, queue, job, why });
      throw error;
    }
  }

  const to = (status: Change['to'], action: StatusAction = 'end'): Change => ({ to: status, action });
  return {
    ...clearml,
    tasks: {
      ...tasks,
      fail: (id, note, options) => change(id, to('failed'), note, () => tasks.fail(id, note, options)),
      stop(id, note, options) {
        // A user may write any reason.
        const by = options.isUsersAbort === true ? 'user' : meaningOf(note.reason).by;
        return change(id, to('stopped'), note, () => tasks.stop(id, note, options), by);
      },
      abort: (id) => change(id, to('stopped', 'repeat-abort'), ABORTED, () => tasks.abort(id)),
      complete: (id, note) => change(id, to('completed'), note, () => tasks.complete(id, note)),
      dequeue: (id, note) =>
        change(id, to('status before the enqueue', 'dequeue'), note, () => tasks.dequeue(id, note)),
      unstart: (id, from, note) => change(id, to('queued', 'park-again'), note, () => tasks.unstart(id, from, note)),
    },
    queues: {
      ...queues,
      returnToQueue: (queue, task) =>
        change(task, to('queued', 'return-to-queue'), RETURNED, () => queues.returnToQueue(queue, task)),
    },
  };
}
