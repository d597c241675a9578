// ClearML's tasks: reading many at once, and changing a status only where that can't trample a user's act.
import * as z from 'zod';
import type { StatusNote, Tasks } from './client.ts';
import { LostRace } from './errors.ts';
import { TaskIdShape, type TaskId } from './ids.ts';
import { PAGE_SIZE, readPages, splitPages } from './pages.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';
import { TASK_FIELDS, TaskRow } from './task-row.ts';
import type { Task, TaskDocument } from './task.ts';

const TaskList = z.object({ tasks: z.array(TaskRow) });
const OneTask = z.object({
  task: z.preprocess(
    (document) => ({ task: document, document }),
    z.object({ task: TaskRow, document: z.record(z.string(), z.unknown()) }),
  ),
});
const Cloned = z.object({ id: TaskIdShape });
const Container = z.record(z.string(), z.unknown()).catch({});
const Updated = z.object({ updated: z.number() });
const Done = z.unknown();

export function createTasks(session: Session): Tasks {
  async function list(filter: object): Promise<Task[]> {
    const body = { ...filter, only_fields: TASK_FIELDS, search_hidden: true, page_size: PAGE_SIZE };
    return (await session.call('tasks.get_all', body, { shape: TaskList, idempotent: true })).tasks;
  }

  /**
   * Status calls follow from what the task was a moment ago, and have no second attempt: meanwhile a user may have asked to
   * abort it, or have reset and enqueued it again, and the second call would hit that new run.
   */
  async function changeStatus(
    endpoint: string,
    id: TaskId,
    note: StatusNote,
    more: object,
  ): Promise<{ updated: number }> {
    const body = { task: id, status_reason: note.reason, status_message: note.message, ...more };
    try {
      return await session.call(endpoint, body, { shape: Updated, idempotent: false, once: true });
    } catch (error) {
      if (!isRefusal(error, 'invalidTaskId', 'taskNotFound')) throw error;
      throw new LostRace(error.message, error.endpoint, error.code, error.subcode);
    }
  }

  async function get(id: TaskId): Promise<TaskDocument | undefined> {
    try {
      return (await session.call('tasks.get_by_id', { task: id }, { shape: OneTask, idempotent: true })).task;
    } catch (error) {
      if (isRefusal(error, 'invalidTaskId', 'taskNotFound')) return undefined;
      throw error;
    }
  }

  return {
    get,

    async read(ids) {
      const tasks = new Map<TaskId, Task>();
      for (const page of splitPages(ids)) {
        for (const task of await list({ id: page })) tasks.set(task.id, task);
      }
      return tasks;
    },

    find({ statuses, queues }) {
      // The server takes an empty list for no condition at all.
      if (statuses.length === 0 || queues.length === 0) return Promise.resolve([]);
      return readPages((page) => list({ status: statuses, 'execution.queue': queues, order_by: ['id'], page }));
    },

    async setStatusMessage(id, text) {
      const body = { task: id, status_message: text };
      await session.call('tasks.update', body, { shape: Done, idempotent: false, once: true });
    },

    async fail(id, note, { force }) {
      await changeStatus('tasks.failed', id, note, { force });
    },

    async stop(id, note, { force }) {
      await changeStatus('tasks.stopped', id, note, { force });
    },

    async complete(id, note) {
      await changeStatus('tasks.completed', id, note, { force: false });
    },

    async unstart(id, from, note) {
      // A stopped task can't be dequeued, but may be started.
      if (from === 'stopped') await changeStatus('tasks.started', id, note, { force: false });
      const { updated } = await changeStatus('tasks.dequeue', id, note, { new_status: 'queued' });
      if (updated >= 1) return;
      throw new LostRace(`ClearML left task ${id} as it is: it is no longer in progress`, 'tasks.dequeue', 200, 0);
    },

    async setProperties(id, properties) {
      const hyperparams = Object.entries(properties).map(([name, value]) => ({ section: 'properties', name, value }));
      if (hyperparams.length === 0) return;
      // Nothing but properties: with any other section beside them the server wants a draft.
      await session.call('tasks.edit_hyper_params', { task: id, hyperparams }, { shape: Done, idempotent: true });
    },

    async enqueue(id, queue) {
      try {
        await session.call('tasks.enqueue', { task: id, queue }, { shape: Done, idempotent: false, once: true });
      } catch (error) {
        if (!isRefusal(error, 'taskAlreadyQueued')) throw error;
      }
    },

    async clone(id) {
      return (await session.call('tasks.clone', { task: id }, { shape: Cloned, idempotent: false })).id;
    },

    async setImage(id, image) {
      // The server replaces the whole of it.
      const container = { ...Container.parse((await get(id))?.document['container']), image };
      await session.call('tasks.edit', { task: id, container, force: true }, { shape: Done, idempotent: true });
    },
  };
}
