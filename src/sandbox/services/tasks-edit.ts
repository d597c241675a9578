// Creates and edits tasks.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import {
  endpoint,
  forcible,
  oneTask,
  parseRequest,
  type Call,
  type Fields,
  type Service,
} from '../requests/endpoint.ts';
import { TASK_STATUSES, texts, type TaskDocument } from '../store/documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { findOrCreateProject } from './projects.ts';
import { findTask } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';
import { cloneTask, cloneRequest } from '../tasks/clone-task.ts';
import { checkTask, createTask, stripped, taskFields, taskType } from '../tasks/create-task.ts';

const createRequest = z.object({ ...taskFields.shape, name: z.string().trim(), type: taskType });
const editRequest = z.object({
  ...oneTask.shape,
  ...forcible.shape,
  ...taskFields.shape,
  status: z.enum(TASK_STATUSES).optional(),
});
/** The only fields that `tasks.update` changes, in any status. */
const updateFields = z.object({
  name: z.string().exactOptional(),
  comment: z.string().exactOptional(),
  project: z.string().exactOptional(),
  tags: texts.exactOptional(),
  system_tags: texts.exactOptional(),
  created: z.string().exactOptional(),
  status_message: z.string().exactOptional(),
});
const updateRequest = updateFields.extend(oneTask.shape);
const tagsRequest = z.object({
  ids: texts,
  add_tags: texts.default([]),
  remove_tags: texts.default([]),
});
const moveRequest = z.object({
  ids: texts,
  project: z.string().optional(),
  project_name: z.string().optional(),
});

export function createTasksEditService(store: Store, clock: SandboxClock): Service {
  const changed = (call: Call): { last_change: string; last_changed_by: string } => ({
    last_change: formatInstant(clock.now()),
    last_changed_by: call.caller.user,
  });

  const edit = endpoint(editRequest, async ({ task: id, force, status, ...fields }, call) => {
    const task = findTask(store, id);
    if (!force && task.status !== 'created') {
      throw new ApiError('invalidTaskStatus', { expected: 'created', status: task.status });
    }
    await call.gap();
    const edits = { ...fields, ...(status === undefined ? {} : { status }) };
    if (Object.keys(edits).length === 0) return { updated: 0 };
    const isOfUser = Object.keys(edits).every((name) => name in updateFields.shape);
    const moments = { ...changed(call), ...(isOfUser ? {} : { last_update: formatInstant(clock.now()) }) };
    const merged = mergeFields(findTask(store, id), fields);
    // Not even a new status sets the time of the last status change.
    const edited: TaskDocument = { ...merged, ...moments, status: status ?? merged.status };
    checkTask(store, edited);
    store.tasks.put(edited);
    return { updated: 1, fields: { ...edits, ...moments } };
  });

  function update(call: Call, { task: id, ...fields }: z.infer<typeof updateRequest>): Fields {
    const task = findTask(store, id);
    if (Object.keys(fields).length === 0) return { updated: 0 };
    store.tasks.put({ ...task, ...fields, ...changed(call) });
    return { updated: 1, fields: { ...fields, ...changed(call) } };
  }

  return {
    'tasks.create': endpoint(createRequest, (request, { caller }) => ({
      id: createTask(store, clock.now(), request, caller).id,
    })),
    'tasks.validate': endpoint(createRequest, (request) => {
      checkTask(store, request);
      return {};
    }),
    'tasks.clone': endpoint(cloneRequest, (request, { caller }) => cloneTask(store, clock.now(), request, caller)),
    'tasks.edit': edit,
    'tasks.update': endpoint(updateRequest, (request, call) => update(call, request)),
    'tasks.update_batch': (call) => {
      const byTask = new Map(call.lines.map((line) => [taskOfLine(line), line]));
      const missing = [...byTask.keys()].filter((id) => store.tasks.get(id) === undefined);
      if (missing.length > 0) throw new ApiError('invalidTaskId', { ids: missing });
      // All lines are checked before one is written.
      const requests = [...byTask.values()].map((line) => parseRequest(updateRequest, line));
      return { updated: requests.filter((request) => update(call, request)['updated'] === 1).length };
    },
    'tasks.update_tags': endpoint(tagsRequest, ({ ids, add_tags: added, remove_tags: removed }, call) => {
      const tasks = ids.map((id) => findTask(store, id));
      for (const task of tasks) {
        const tags = new Set([...task.tags, ...added]);
        for (const tag of removed) tags.delete(tag);
        store.tasks.put({ ...task, tags: [...tags].sort(), ...changed(call) });
      }
      return { updated: tasks.length };
    }),
    'tasks.move': endpoint(moveRequest, (request, call) => {
      if (request.project === undefined && request.project_name === undefined) {
        throw new ApiError('missingFields', {}, 'project or project_name is required');
      }
      const project =
        request.project ?? findOrCreateProject(store, clock.now(), request.project_name ?? '', call.caller).id;
      for (const id of request.ids) store.tasks.put({ ...findTask(store, id), project });
      return { project_id: project };
    }),
  };
}

/** The real server fails on a line without a task. */
function taskOfLine({ task }: Fields): string {
  if (typeof task === 'string') return task;
  throw new ApiError('internal', {}, "'task'");
}

/** Embedded documents are merged one level deep; maps and lists are replaced whole. */
function mergeFields(
  task: TaskDocument,
  fields: Omit<z.infer<typeof editRequest>, 'task' | 'force' | 'status'>,
): TaskDocument {
  const { output_dest: destination, script, execution, models, ...whole } = fields;
  return {
    ...task,
    ...whole,
    script: script === undefined ? task.script : stripped({ ...task.script, ...script }),
    execution: execution === undefined ? task.execution : { ...task.execution, ...execution },
    models: { ...task.models, ...models },
    output: destination === undefined ? task.output : { ...task.output, destination },
  };
}
