// Changes ClearML's tasks: a status only where that cannot overwrite a user's act. read-tasks.ts reads them.
import * as z from 'zod';
import type { StatusNote, Tasks } from './client.ts';
import { isRefusal, unlessRefused, LostRaceError } from './errors.ts';
import { TaskIdShape, type TaskId } from './ids.ts';
import type { Session } from './connection/session.ts';
import { createTaskReads } from './read-tasks.ts';
import type { ReportUnreadable } from './unreadable-entries.ts';

const Cloned = z.object({ id: TaskIdShape });
const Container = z.record(z.string(), z.unknown()).catch({});
const Updated = z.object({ updated: z.number() });
const Dequeued = Updated.extend({ fields: z.object({ status: z.string() }).partial().catch({}) });
const Done = z.unknown();

export function createTasks(session: Session, reportUnreadable: ReportUnreadable): Tasks {
  const reads = createTaskReads(session, reportUnreadable);

  /**
   * A status change is never retried: meanwhile a user may have aborted the task, or reset and enqueued it again, and the second
   * call would hit the new run.
   */
  async function changeStatus<Shape extends z.ZodType>(
    endpoint: string,
    id: TaskId,
    note: StatusNote,
    { shape, ...more }: { readonly shape: Shape; readonly [field: string]: unknown },
  ): Promise<z.infer<Shape>> {
    const body = { task: id, status_reason: note.reason, status_message: note.message, ...more };
    try {
      return await session.call(endpoint, body, { shape, idempotent: false, once: true });
    } catch (error) {
      if (!isRefusal(error, 'invalidTaskId', 'taskNotFound')) throw error;
      throw new LostRaceError(error.message, error.endpoint, error.code, error.subcode);
    }
  }

  return {
    ...reads,

    async setStatusMessage(id, text) {
      const body = { task: id, status_message: text };
      await session.call('tasks.update', body, { shape: Done, idempotent: false, once: true });
    },

    async fail(id, note, { force }) {
      await changeStatus('tasks.failed', id, note, { shape: Done, force });
    },

    async stop(id, note, { force }) {
      await changeStatus('tasks.stopped', id, note, { shape: Done, force });
    },

    async complete(id, note) {
      await changeStatus('tasks.completed', id, note, { shape: Done, force: false });
    },

    async unstart(id, from, note) {
      // A stopped task cannot be dequeued, but it can be started.
      if (from === 'stopped') await changeStatus('tasks.started', id, note, { shape: Done, force: false });
      const { updated } = await changeStatus('tasks.dequeue', id, note, { shape: Updated, new_status: 'queued' });
      if (updated >= 1) return;
      throw notDequeued(id, 'in progress');
    },

    async dequeue(id, note) {
      const dequeueOnce = async (): Promise<string | undefined> => {
        const { updated, fields } = await changeStatus('tasks.dequeue', id, note, { shape: Dequeued });
        if (updated > 0) return fields.status;
        throw notDequeued(id, 'queued');
      };
      // A server that forgot the former status leaves the task queued, in no queue, and makes it a draft the second time:
      // https://github.com/clearml/clearml-server/blob/master/apiserver/bll/task/task_operations.py (enqueue_task)
      if ((await dequeueOnce()) === 'queued') await dequeueOnce();
    },

    async abort(id) {
      // Without a message of ours: the agent recognizes the request by the server's own message.
      await session.call('tasks.stop', { task: id }, { shape: Done, idempotent: false, once: true });
    },

    async setProperties(id, properties) {
      const hyperparams = Object.entries(properties).map(([name, value]) => ({ section: 'properties', name, value }));
      if (hyperparams.length === 0) return;
      // Properties only: with any other section the server requires a draft.
      await session.call('tasks.edit_hyper_params', { task: id, hyperparams }, { shape: Done, idempotent: true });
    },

    async enqueue(id, queue) {
      const call = session.call('tasks.enqueue', { task: id, queue }, { shape: Done, idempotent: false, once: true });
      await unlessRefused(call, 'taskAlreadyQueued');
    },

    async clone(id) {
      return (await session.call('tasks.clone', { task: id }, { shape: Cloned, idempotent: false })).id;
    },

    async setImage(id, image) {
      // The server replaces the whole container.
      const container = { ...Container.parse((await reads.get(id))?.document['container']), image };
      await session.call('tasks.edit', { task: id, container, force: true }, { shape: Done, idempotent: true });
    },
  };
}

function notDequeued(id: TaskId, status: string): LostRaceError {
  const message = `ClearML did not change task ${id}, because the task is no longer ${status}`;
  return new LostRaceError(message, 'tasks.dequeue', 200, 0);
}
