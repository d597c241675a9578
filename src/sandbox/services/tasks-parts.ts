// The parts of a task that have separate edit calls: hyperparams, configuration, artifacts, runtime, requirements, models.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { endpoint, forcible, oneTask, type Call, type Service } from '../requests/endpoint.ts';
import { leaveOut } from '../requests/list-documents.ts';
import { anything, texts, artifact, configuration, parameter, type TaskDocument } from '../store/documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { findTask } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';

const partRequest = z.object({ ...oneTask.shape, ...forcible.shape });
const filledText = z.string().min(1);
const editParameters = partRequest.extend({
  hyperparams: z.array(parameter.extend({ section: filledText, name: filledText })).min(1),
  replace_hyperparams: z.enum(['none', 'section', 'all']).default('none'),
});
const deleteParameters = partRequest.extend({
  hyperparams: z.array(z.object({ section: filledText, name: z.string().nullish() })).min(1),
});
const editConfigurations = partRequest.extend({
  configuration: z.array(configuration).min(1),
  replace_configuration: z.boolean().default(false),
});
const deleteConfigurations = partRequest.extend({ configuration: texts.min(1) });
const editArtifacts = partRequest.extend({ artifacts: z.array(artifact).min(1) });
const editRuntime = partRequest.extend({
  add_or_update: anything.default({}),
  remove: texts.default([]),
});
const requirements = oneTask.extend({ requirements: anything });
const model = oneTask.extend({
  name: z.string(),
  model: z.string(),
  type: z.enum(['input', 'output']),
  iteration: z.number().optional(),
});

/** User properties, the only section that may be edited in any status, without changing the last update. */
const PROPERTIES = 'properties';

export function createTasksPartsService(store: Store, clock: SandboxClock): Service {
  function put(call: Call, task: TaskDocument, changes: Partial<TaskDocument>, isUpdate = true): number {
    const now = formatInstant(clock.now());
    const moments = isUpdate ? { last_update: now } : {};
    store.tasks.put({ ...task, ...changes, ...moments, last_change: now, last_changed_by: call.caller.user });
    return 1;
  }

  function readParameters<Item extends { readonly section: string }>(
    request: z.infer<typeof partRequest> & { readonly hyperparams: readonly Item[] },
  ): { readonly items: readonly Item[]; readonly isProperties: boolean; readonly task: TaskDocument } {
    const items = request.hyperparams.map((item) => ({ ...item, section: normalSection(item.section) }));
    const isProperties = items.every((item) => item.section === PROPERTIES);
    const task = isProperties ? findTask(store, request.task) : findEditable(store, request.task, request.force);
    return { items, isProperties, task };
  }

  return {
    'tasks.edit_hyper_params': endpoint(editParameters, (request, call) => {
      const { items, isProperties, task } = readParameters(request);
      const sections = request.replace_hyperparams === 'all' ? {} : { ...task.hyperparams };
      const kept = request.replace_hyperparams === 'none' ? task.hyperparams : {};
      for (const section of new Set(items.map((item) => item.section))) sections[section] = { ...kept[section] };
      for (const item of items) sections[item.section] = { ...sections[item.section], [item.name]: item };
      return { updated: put(call, task, { hyperparams: sections }, !isProperties) };
    }),
    'tasks.delete_hyper_params': endpoint(deleteParameters, (request, call) => {
      const { items, isProperties, task } = readParameters(request);
      const isDeleted = (section: string, name: string | undefined): boolean =>
        items.some((item) => item.section === section && (item.name ?? undefined) === name);
      const sections: TaskDocument['hyperparams'] = {};
      for (const [section, parameters] of Object.entries(task.hyperparams)) {
        if (isDeleted(section, undefined)) continue;
        const kept = Object.entries(parameters).filter(([name]) => !isDeleted(section, name));
        sections[section] = Object.fromEntries(kept);
      }
      return { deleted: put(call, task, { hyperparams: sections }, !isProperties) };
    }),
    'tasks.edit_configuration': endpoint(editConfigurations, (request, call) => {
      const task = findEditable(store, request.task, request.force);
      const items = Object.fromEntries(request.configuration.map((item) => [item.name, item]));
      const before = request.replace_configuration ? {} : task.configuration;
      return { updated: put(call, task, { configuration: { ...before, ...items } }) };
    }),
    'tasks.delete_configuration': endpoint(deleteConfigurations, (request, call) => {
      const task = findEditable(store, request.task, request.force);
      return { deleted: put(call, task, { configuration: leaveOut(task.configuration, request.configuration) }) };
    }),
    'tasks.add_or_update_artifacts': endpoint(editArtifacts, (request, call) => {
      const task = findEditable(store, request.task, true);
      const artifacts = [...withoutArtifacts(task, request.artifacts), ...request.artifacts];
      artifacts.sort((a, b) => (a.key < b.key ? -1 : 1));
      return { updated: put(call, task, { execution: { ...task.execution, artifacts } }) };
    }),
    'tasks.delete_artifacts': endpoint(editArtifacts, (request, call) => {
      const task = findEditable(store, request.task, true);
      const artifacts = withoutArtifacts(task, request.artifacts);
      return { deleted: put(call, task, { execution: { ...task.execution, artifacts } }) };
    }),
    'tasks.edit_runtime': endpoint(editRuntime, (request, call) => {
      const task = findEditable(store, request.task, true);
      // Escaped for the database, and unlike hyperparams never unescaped: readers see `%_abort` for `_abort`.
      const removed = request.remove.map(escapeKey);
      const added = Object.entries(request.add_or_update).map(([key, value]) => [escapeKey(key), value] as const);
      if (added.length === 0 && removed.length === 0) return { updated: 0 };
      const runtime = { ...leaveOut(task.runtime, removed), ...Object.fromEntries(added) };
      return { updated: put(call, task, { runtime }) };
    }),
    'tasks.set_requirements': endpoint(requirements, (request, call) => {
      const task = findTask(store, request.task);
      if (Object.keys(task.script).length === 0) {
        throw new ApiError('missingTaskFields', { task: task.id }, 'Task has no script field');
      }
      const updated = put(call, task, { script: { ...task.script, requirements: request.requirements } });
      return { updated, fields: { 'script.requirements': request.requirements } };
    }),
    'tasks.add_or_update_model': endpoint(model, (request, call) => {
      const task = findEditable(store, request.task, true);
      const item = { name: request.name, model: request.model, updated: formatInstant(clock.now()) };
      const before = task.models[request.type];
      const isSame = (one: unknown): boolean =>
        typeof one === 'object' && one !== null && 'name' in one && one.name === item.name;
      const items = before.some(isSame) ? before.map((one) => (isSame(one) ? item : one)) : [...before, item];
      const models = { ...task.models, [request.type]: items };
      const iteration = Math.max(task.last_iteration, request.iteration ?? 0);
      return { updated: put(call, task, { models, last_iteration: iteration }) };
    }),
  };
}

/** Drafts only; with force also queued or running tasks. @throws ApiError 400/101, 400/110 */
function findEditable(store: Store, id: string, force: boolean): TaskDocument {
  const task = findTask(store, id);
  const isOpen = task.status === 'queued' || task.status === 'in_progress';
  if (task.status === 'created' || (force && isOpen)) return task;
  throw new ApiError('invalidTaskStatus', { expected: 'created', status: task.status });
}

function normalSection(section: string): string {
  return section.toLowerCase() === PROPERTIES ? PROPERTIES : section;
}

/** Artifacts are equal if key and mode are. */
function withoutArtifacts(task: TaskDocument, others: readonly z.infer<typeof artifact>[]): z.infer<typeof artifact>[] {
  const identity = (one: z.infer<typeof artifact>): string => `${one.mode}/${one.key}`;
  const gone = new Set(others.map(identity));
  return (task.execution.artifacts ?? []).filter((one) => !gone.has(identity(one)));
}

/** @throws ApiError 400/12 if the key is empty */
function escapeKey(key: string): string {
  const text = key.trim();
  if (text === '') throw new ApiError('validation', {}, 'Empty key is not allowed');
  const escaped = text.replaceAll('%', '%%').replaceAll('.', '%2E').replaceAll('$', '%24').replaceAll('__', '%_%_');
  return escaped.startsWith('_') ? `%${escaped}` : escaped;
}
