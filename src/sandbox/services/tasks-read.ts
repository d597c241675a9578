// Reads tasks: one, many, and the parts with separate calls.
import * as z from 'zod';
import { endpoint, oneTask, severalTasks, type Fields, type Service } from '../requests/endpoint.ts';
import { anything, texts, type TaskDocument } from '../store/documents.ts';
import { TASK_JOINED_FIELDS, TASK_KNOWN_FIELDS, type KnownFields } from '../requests/known-fields.ts';
import { leaveOut, listDocuments, referenceTo } from '../requests/list-documents.ts';
import { findTask } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';
import { USER_NAME } from './auth.ts';
import { parseConditions, type Conditions } from '../requests/filter-documents.ts';

const countRequest = z.object({
  tasks: anything.optional(),
  search_hidden: z.boolean().default(false),
});
const namedConfigurations = z.object({ ...severalTasks.shape, names: texts.optional() });

export function createTasksReadService(store: Store): Service {
  const list = (body: Fields, present: (task: TaskDocument) => Fields, known: KnownFields): Fields => {
    const { documents, scroll } = listDocuments(visibleTasks(store, body).map(present), body, {
      conditions: TASK_CONDITIONS,
      hidden: HIDDEN_TASK_FIELDS,
      known,
    });
    return { tasks: documents, ...scroll };
  };

  return {
    'tasks.get_by_id': endpoint(oneTask, ({ task }) => ({ task: leaveOut(findTask(store, task), HIDDEN_TASK_FIELDS) })),
    'tasks.get_all': (call) => list(call.body, (task) => task, TASK_KNOWN_FIELDS),
    'tasks.get_all_ex': (call) => list(call.body, (task) => withReferences(store, task), TASK_JOINED_FIELDS),
    'tasks.get_by_id_ex': (call) => list(call.body, (task) => withReferences(store, task), TASK_JOINED_FIELDS),
    'organization.get_entities_count': endpoint(countRequest, ({ tasks, search_hidden: hidden }) => {
      if (tasks === undefined) return {};
      const body = { ...tasks, search_hidden: hidden };
      return { tasks: visibleTasks(store, body).filter(parseConditions(body, TASK_CONDITIONS)).length };
    }),
    'tasks.get_types': () => ({ types: [...new Set(store.tasks.all().map((task) => task.type))] }),
    'tasks.get_hyper_params': endpoint(severalTasks, ({ tasks }) => ({
      params: tasks.map((id) => ({
        task: id,
        hyperparams: Object.values(findTask(store, id).hyperparams)
          .flatMap((section) => Object.values(section))
          .sort((a, b) => `${a.section}/${a.name}`.localeCompare(`${b.section}/${b.name}`)),
      })),
    })),
    'tasks.get_configurations': endpoint(namedConfigurations, ({ tasks, names }) => ({
      configurations: tasks.map((id) => ({
        task: id,
        configuration: Object.values(findTask(store, id).configuration).filter(
          (item) => names === undefined || names.length === 0 || names.includes(item.name),
        ),
      })),
    })),
    'tasks.get_configuration_names': endpoint(severalTasks, ({ tasks }) => ({
      configurations: tasks.map((id) => ({ task: id, names: Object.keys(findTask(store, id).configuration).sort() })),
    })),
  };
}

/** Omits tasks tagged `hidden` unless the request searches for them or has their ids. */
function visibleTasks(store: Store, body: Fields): TaskDocument[] {
  const tasks = store.tasks.all();
  // A list of plain ids is looked up: with tens of thousands of tasks, checking every condition of each takes seconds.
  const ids = body['id'];
  if (Array.isArray(ids) && ids.every((id) => /^[0-9a-f]+$/.test(String(id)))) {
    const requested = new Set(ids);
    return tasks.filter(({ id }) => requested.has(id));
  }
  if (body['search_hidden'] === true || body['id'] !== undefined) return tasks;
  return tasks.filter((task) => !task.system_tags.includes('hidden'));
}

/** The `_ex` form: references to other documents become `{id, name}`. */
function withReferences(store: Store, task: TaskDocument): Fields {
  return {
    ...task,
    user: { id: task.user, name: USER_NAME },
    company: { id: task.company },
    project: referenceTo(store.projects, task.project),
    parent: referenceTo(store.tasks, task.parent),
    execution: { ...task.execution, queue: referenceTo(store.queues, task.execution.queue) },
  };
}

export const TASK_CONDITIONS: Conditions = {
  list: [
    'id',
    'user',
    'tags',
    'system_tags',
    'type',
    'status',
    'project',
    'parent',
    'hyperparams.*',
    'execution.queue',
    'models.input.model',
  ],
  pattern: ['name', 'comment', 'report'],
  range: ['created', 'started', 'active_duration', 'last_metrics.*', 'last_iteration'],
  datetime: ['status_changed', 'last_update', 'last_change'],
  equal: ['runtime.*'],
};

/** Returned only if named in `only_fields`. */
const HIDDEN_TASK_FIELDS = ['enqueue_status', 'unique_metrics', 'company_origin'];
