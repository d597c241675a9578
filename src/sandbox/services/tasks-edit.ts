// Creates and edits tasks.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import {
  forcible,
  oneTask,
  parseRequest,
  type Call,
  type Endpoint,
  type Fields,
  type Service,
} from '../requests/endpoint.ts';
import type { TaskDocument } from '../store/documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { findOrCreateProject } from './projects.ts';
import { findTask } from '../tasks/status-change.ts';
import { TASK_STATUSES } from '../tasks/status-machine.ts';
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
  tags: z.array(z.string()).exactOptional(),
  system_tags: z.array(z.string()).exactOptional(),
  created: z.string().exactOptional(),
  status_message: z.string().exactOptional(),
});
const tagsRequest = z.object({
  ids: z.array(z.string()),
  add_tags: z.array(z.string()).default([]),
  remove_tags: z.array(z.string()).default([]),
});
const moveRequest = z.object({
  ids: z.array(z.string()),
  project: z.string().optional(),
  project_name: z.string().optional(),
});

export function createTasksEditService(store: Store, clock: SandboxClock): Service {
  const changed = (call: Call): { last_change: string; last_changed_by: string } => ({
    last_change: formatInstant(clock.now()),
    last_changed_by: call.caller.user,
  });

  const edit: Endpoint = async (call) => {
    const { task: id, force, status, ...fields } = parseRequest(editRequest, call.body);
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
  };

  function update(call: Call, body: Fields): number {
    const task = findTask(store, parseRequest(oneTask, body).task);
    const fields = parseRequest(updateFields, body);
    if (Object.keys(fields).length === 0) return 0;
    store.tasks.put({ ...task, ...fields, ...changed(call) });
    return 1;
  }

  return {
    'tasks.create': (call) => ({
      id: createTask(store, clock.now(), parseRequest(createRequest, call.body), call.caller).id,
    }),
    'tasks.validate': (call) => {
      checkTask(store, parseRequest(createRequest, call.body));
      return {};
    },
    'tasks.clone': (call) => cloneTask(store, clock.now(), parseRequest(cloneRequest, call.body), call.caller),
    'tasks.edit': edit,
    'tasks.update': (call) => {
      const updated = update(call, call.body);
      if (updated === 0) return { updated };
      return { updated, fields: { ...parseRequest(updateFields, call.body), ...changed(call) } };
    },
    'tasks.update_batch': (call) => {
      const byTask = new Map(call.lines.map((line) => [taskOfLine(line), line]));
      const missing = [...byTask.keys()].filter((id) => store.tasks.get(id) === undefined);
      if (missing.length > 0) throw new ApiError('invalidTaskId', { ids: missing });
      // All lines are checked before one is written.
      for (const line of byTask.values()) parseRequest(updateFields, line);
      return { updated: [...byTask.values()].reduce((sum, line) => sum + update(call, line), 0) };
    },
    'tasks.update_tags': (call) => {
      const { ids, add_tags: added, remove_tags: removed } = parseRequest(tagsRequest, call.body);
      const tasks = ids.map((id) => findTask(store, id));
      for (const task of tasks) {
        const tags = new Set([...task.tags, ...added]);
        for (const tag of removed) tags.delete(tag);
        store.tasks.put({ ...task, tags: [...tags].sort(), ...changed(call) });
      }
      return { updated: tasks.length };
    },
    'tasks.move': (call) => {
      const request = parseRequest(moveRequest, call.body);
      if (request.project === undefined && request.project_name === undefined) {
        throw new ApiError('missingFields', {}, 'project or project_name is required');
      }
      const project =
        request.project ?? findOrCreateProject(store, clock.now(), request.project_name ?? '', call.caller).id;
      for (const id of request.ids) store.tasks.put({ ...findTask(store, id), project });
      return { project_id: project };
    },
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
