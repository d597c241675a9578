// Reset, archive and delete.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import {
  endpoint,
  forMany,
  noteOf,
  oneTask,
  severalTasks,
  statusNote,
  statusRequest,
  type Call,
  type Service,
} from '../requests/endpoint.ts';
import type { TaskDocument } from '../store/documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { dequeueQuietly, leaveQueued } from '../tasks/leave-queue.ts';
import { removeFromAllQueues } from '../change-queues.ts';
import { discardOutputModels } from '../tasks/output-models.ts';
import { changeStatus, findTask, type StatusNote } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';

const deleteRequest = z.object({ ...statusRequest.shape, delete_output_models: z.boolean().default(true) });
const resetRequest = deleteRequest.extend({ clear_all: z.boolean().default(false) });
const archiveRequest = z.object({ ...oneTask.shape, ...statusNote.shape });

export function createTasksDiscardService(store: Store, clock: SandboxClock): Service {
  function setArchived(id: string, isArchived: boolean, note: StatusNote): void {
    const task = findTask(store, id);
    const others = task.system_tags.filter((tag) => tag !== 'archived');
    store.tasks.put({
      ...task,
      system_tags: isArchived ? [...others, 'archived'] : others,
      status_reason: note.reason,
      status_message: note.message ?? '',
      last_change: formatInstant(clock.now()),
      last_changed_by: note.by,
    });
  }

  function discardOf(call: Call, request: z.infer<typeof deleteRequest>): Parameters<typeof discardOutputModels>[2] {
    const { force, delete_output_models: deletesDrafts } = request;
    return { force, deletesDrafts, now: formatInstant(clock.now()), by: call.caller.user };
  }

  const reset = endpoint(resetRequest, async (request, call) => {
    const task = findTask(store, request.task);
    if (task.status === 'published' && !request.force) {
      throw new ApiError('invalidTaskStatus', { task_id: task.id, status: task.status });
    }
    const removed = await dequeueQuietly(store, task, clock.now(), call.gap);
    removeFromAllQueues(store, task.id, clock.now());
    const { deleted_models } = discardOutputModels(store, task, discardOf(call, request));
    const answer = changeStatus(store, clock.now(), {
      task,
      to: 'created',
      reason: 'reset',
      message: 'reset',
      force: request.force,
      by: call.caller.user,
      also: { ...clearedByReset(task), ...(request.clear_all ? { execution: {}, script: {} } : {}) },
    });
    store.events.keep(task.id, () => false);
    return { ...answer, dequeued: removed === undefined ? {} : { removed }, deleted_models, urls: {} };
  });

  const archive = endpoint(archiveRequest, async (request, call) => {
    const task = findTask(store, request.task);
    await dequeueQuietly(store, task, clock.now(), call.gap);
    removeFromAllQueues(store, task.id, clock.now());
    const note = noteOf(request, call);
    leaveQueued(store, task, task.status === 'in_progress' ? 'stopped' : undefined, note, clock.now());
    setArchived(task.id, true, note);
    return { archived: true };
  });

  const unarchive = endpoint(archiveRequest, (request, call) => {
    setArchived(request.task, false, noteOf(request, call));
    return { unarchived: true };
  });

  const remove = endpoint(deleteRequest, async (request, call) => {
    const task = findTask(store, request.task);
    if (task.status !== 'created' && !task.system_tags.includes('archived') && !request.force) {
      const facts = { task: task.id, expected: 'created', current: task.status };
      throw new ApiError('taskCannotBeDeleted', facts, 'due to status, use force=True');
    }
    const formerTask = `__DELETED__${task.id}`;
    const models = discardOutputModels(store, task, { ...discardOf(call, request), formerTask });
    await call.gap();
    removeFromAllQueues(store, task.id, clock.now());
    const children = store.tasks.all().filter((other) => other.parent === task.id);
    for (const child of children) store.tasks.put({ ...child, parent: formerTask });
    store.events.keep(task.id, () => false);
    store.tasks.delete(task.id);
    return { deleted: true, updated_children: children.length, ...models, urls: {} };
  });

  return {
    'tasks.reset': reset,
    'tasks.reset_many': forMany(reset),
    'tasks.archive': endpoint(severalTasks, async ({ tasks }, call) => {
      for (const task of tasks) findTask(store, task);
      for (const task of tasks) await archive({ ...call, body: { ...call.body, task } });
      return { archived: tasks.length };
    }),
    'tasks.archive_many': forMany(archive),
    'tasks.unarchive_many': forMany(unarchive),
    'tasks.delete': remove,
    'tasks.delete_many': forMany(remove),
  };
}

/** The fields that a reset clears; hyperparams (with user properties), container and script stay. */
function clearedByReset(task: TaskDocument): Partial<TaskDocument> {
  const inputs = task.execution.artifacts?.filter((artifact) => artifact.mode === 'input');
  return {
    last_iteration: 0,
    last_metrics: {},
    metric_stats: {},
    models: { ...task.models, output: [] },
    runtime: {},
    output: 'destination' in task.output ? { destination: task.output['destination'] } : {},
    last_worker: undefined,
    last_worker_report: undefined,
    started: undefined,
    completed: undefined,
    published: undefined,
    active_duration: undefined,
    enqueue_status: undefined,
    execution: { ...task.execution, queue: undefined, artifacts: inputs },
  };
}
