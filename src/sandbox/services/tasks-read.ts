// Reads tasks: one, many, and the parts with separate calls.
import * as z from 'zod';
import { oneTask, parseRequest, type Fields, type Service } from '../requests/endpoint.ts';
import type { TaskDocument } from '../store/documents.ts';
import { TASK_JOINED_FIELDS, TASK_KNOWN_FIELDS, type KnownFields } from '../requests/known-fields.ts';
import { leaveOut, listDocuments } from '../requests/list-documents.ts';
import { findTask } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';
import { USER_NAME } from './auth.ts';
import { parseConditions, type Conditions } from '../requests/filter-documents.ts';

const severalTasks = z.object({ tasks: z.array(z.string()).min(1) });
const countRequest = z.object({
  tasks: z.record(z.string(), z.unknown()).optional(),
  search_hidden: z.boolean().default(false),
});
const namedConfigurations = z.object({ ...severalTasks.shape, names: z.array(z.string()).optional() });

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
    'tasks.get_by_id': (call) => {
      const { task } = parseRequest(oneTask, call.body);
      return { task: leaveOut(findTask(store, task), HIDDEN_TASK_FIELDS) };
    },
    'tasks.get_all': (call) => list(call.body, (task) => task, TASK_KNOWN_FIELDS),
    'tasks.get_all_ex': (call) => list(call.body, (task) => withReferences(store, task), TASK_JOINED_FIELDS),
    'tasks.get_by_id_ex': (call) => list(call.body, (task) => withReferences(store, task), TASK_JOINED_FIELDS),
    'organization.get_entities_count': (call) => {
      const { tasks, search_hidden: hidden } = parseRequest(countRequest, call.body);
      if (tasks === undefined) return {};
      const body = { ...tasks, search_hidden: hidden };
      return { tasks: visibleTasks(store, body).filter(parseConditions(body, TASK_CONDITIONS)).length };
    },
    'tasks.get_types': () => ({ types: [...new Set(store.tasks.all().map((task) => task.type))] }),
    'tasks.get_hyper_params': (call) => ({
      params: parseRequest(severalTasks, call.body).tasks.map((id) => ({
        task: id,
        hyperparams: Object.values(findTask(store, id).hyperparams)
          .flatMap((section) => Object.values(section))
          .sort((a, b) => `${a.section}/${a.name}`.localeCompare(`${b.section}/${b.name}`)),
      })),
    }),
    'tasks.get_configurations': (call) => {
      const { tasks, names } = parseRequest(namedConfigurations, call.body);
      return {
        configurations: tasks.map((id) => ({
          task: id,
          configuration: Object.values(findTask(store, id).configuration).filter(
            (item) => names === undefined || names.length === 0 || names.includes(item.name),
          ),
        })),
      };
    },
    'tasks.get_configuration_names': (call) => ({
      configurations: parseRequest(severalTasks, call.body).tasks.map((id) => ({
        task: id,
        names: Object.keys(findTask(store, id).configuration).sort(),
      })),
    }),
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
  const queue = task.execution.queue;
  return {
    ...task,
    user: { id: task.user, name: USER_NAME },
    company: { id: task.company },
    ...(task.project === undefined ? {} : { project: named(task.project, store.projects.get(task.project)?.name) }),
    ...(task.parent === undefined ? {} : { parent: named(task.parent, store.tasks.get(task.parent)?.name) }),
    execution: {
      ...task.execution,
      ...(queue === undefined ? {} : { queue: named(queue, store.queues.get(queue)?.name) }),
    },
  };
}

function named(id: string, name: string | undefined): Fields {
  return name === undefined ? { id } : { id, name };
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
