// Models: the weights that tasks save, as the SDK's OutputModel and InputModel create, read and change them.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import {
  endpoint,
  forMany,
  parseRequest,
  type Call,
  type Endpoint,
  type Fields,
  type Service,
} from '../requests/endpoint.ts';
import type { Conditions } from '../requests/filter-documents.ts';
import { MODEL_JOINED_FIELDS, MODEL_KNOWN_FIELDS } from '../requests/known-fields.ts';
import { leaveOut, listDocuments, referenceTo } from '../requests/list-documents.ts';
import { anything, texts, modelLabels, modelMetadata, type ModelDocument } from '../store/documents.ts';
import { randomId } from '../store/random-id.ts';
import { type SandboxClock, formatInstant } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';
import { deleteModel } from '../tasks/output-models.ts';
import { changeStatus, checkMachine, touchTask } from '../tasks/status-change.ts';

const oneModel = z.object({ model: z.string() });
const manyModels = z.object({ ids: texts.min(1) });

const modelFields = z.object({
  name: z.string().trim().exactOptional(),
  uri: z.string().trim().exactOptional(),
  comment: z.string().exactOptional(),
  framework: z.string().exactOptional(),
  project: z.string().exactOptional(),
  parent: z.string().exactOptional(),
  task: z.string().exactOptional(),
  tags: texts.exactOptional(),
  system_tags: texts.exactOptional(),
  design: anything.exactOptional(),
  labels: modelLabels.exactOptional(),
  metadata: modelMetadata.exactOptional(),
  ready: z.boolean().exactOptional(),
});
const createRequest = modelFields.extend({
  name: z.string().trim(),
  uri: z.string().trim(),
  public: z.boolean().default(false),
});
const editRequest = modelFields.extend({ ...oneModel.shape, iteration: z.number().optional() });
const readyRequest = oneModel.extend({
  publish_task: z.boolean().default(true),
  force_publish_task: z.boolean().default(false),
});
const deleteRequest = oneModel.extend({ force: z.boolean().default(false) });
const metadataItem = z.object({ key: z.string(), type: z.string(), value: z.string() });
const editMetadata = oneModel.extend({
  metadata: z.array(metadataItem).min(1),
  replace_metadata: z.boolean().default(false),
});
const deleteMetadata = oneModel.extend({ keys: texts.min(1) });

const CONDITIONS: Conditions = {
  list: ['tags', 'system_tags', 'framework', 'uri', 'id', 'user', 'project', 'task', 'parent', 'metadata.*'],
  pattern: ['name', 'comment'],
  range: ['created', 'last_metrics.*', 'last_iteration'],
  datetime: ['last_update', 'last_change'],
  equal: ['ready'],
};

/** Returned only if named in `only_fields`. */
const HIDDEN = ['ui_cache', 'company_origin', 'unique_metrics'];

/** The fields whose edit sets the last update. */
const UPDATES = ['uri', 'framework', 'design', 'labels', 'ready', 'metadata', 'system_tags', 'tags'];

export function createModelsService(store: Store, clock: SandboxClock): Service {
  /** A model that is not public. @throws ApiError 400/201 */
  function findOwn(id: string, company: string): ModelDocument {
    const model = store.models.get(id);
    if (model?.company !== company) throw new ApiError('invalidModelId', { company, id });
    return model;
  }

  /** Returns what was changed. */
  function put(model: ModelDocument, call: Call, changes: Partial<ModelDocument>): Partial<ModelDocument> {
    const all = { ...changes, last_change: formatInstant(clock.now()), last_changed_by: call.caller.user };
    store.models.put({ ...model, ...all });
    return all;
  }

  const create = endpoint(createRequest, ({ public: isPublic, ...fields }, call) => {
    const { project, task } = fields;
    if (project !== undefined && store.projects.get(project) === undefined)
      throw new ApiError('validation', { project }, 'Invalid project ids');
    const { company, user } = call.caller;
    if (task !== undefined && store.tasks.get(task) === undefined)
      throw new ApiError('invalidTaskId', { id: task, company });
    checkName(fields.name);
    checkLabels(fields.labels ?? {});
    const now = formatInstant(clock.now());
    const id = randomId();
    store.models.put({
      design: {},
      labels: {},
      metadata: {},
      ready: true,
      ...fields,
      id,
      company: isPublic ? '' : company,
      user,
      created: now,
      tags: (fields.tags ?? []).toSorted(),
      system_tags: (fields.system_tags ?? []).toSorted(),
      last_update: now,
      last_change: now,
      last_changed_by: user,
      last_iteration: 0,
      last_metrics: {},
    });
    return { id, created: true };
  });

  const edit = endpoint(oneModel, ({ model: id }, call) => {
    const model = findOwn(id, call.caller.company);
    const { model: _, iteration, ...fields } = parseRequest(editRequest, withoutDeletedTask(call.body));
    const references = { task: store.tasks, project: store.projects, parent: store.models };
    for (const [field, name] of [
      ['task', 'Task'],
      ['project', 'Project'],
      ['parent', 'Model'],
    ] as const) {
      const value = fields[field];
      if (value !== undefined && references[field].get(value) === undefined)
        throw new ApiError('fieldsValue', { id: value, field }, `expecting ${name} id`);
    }
    const wrong = Object.values(fields.labels ?? {}).filter((value) => typeof value !== 'number');
    if (wrong.length > 0) throw new ApiError('validation', { values: wrong }, 'labels values must be integers');
    if (fields.name !== undefined) checkName(fields.name);
    checkLabels(fields.labels ?? {});

    const task = model.task ?? fields.task;
    const seen = task === undefined ? undefined : store.tasks.get(task);
    if (seen !== undefined && iteration !== undefined) {
      const last_iteration = Math.max(seen.last_iteration, iteration);
      touchTask(store, clock.now(), seen.id, call.caller.user, { last_iteration });
    }
    if (Object.keys(fields).length === 0) return { updated: 0, fields: {} };
    const changes = put(model, call, {
      ...fields,
      ...(fields.uri === undefined ? {} : { ui_cache: {} }),
      ...(UPDATES.some((field) => field in fields) ? { last_update: formatInstant(clock.now()) } : {}),
    });
    return { updated: 1, fields: changes };
  });

  const setReady = endpoint(readyRequest, (request, call) => {
    const { company, user } = call.caller;
    const model = findOwn(request.model, company);
    if (model.ready) throw new ApiError('modelIsReady', { company, model: model.id });
    const task = request.publish_task ? store.tasks.get(model.task ?? '') : undefined;
    let published: Fields = {};
    if (task !== undefined && task.status !== 'published') {
      if (!request.force_publish_task) checkMachine(task.status, 'published');
      const also = { published: formatInstant(clock.now()) };
      const data = changeStatus(store, clock.now(), { task, to: 'published', reason: '', force: true, by: user, also });
      published = { published_task: { id: task.id, data } };
    }
    put(model, call, { ready: true, last_update: formatInstant(clock.now()) });
    return { updated: 1, fields: {}, ...published };
  });

  const setArchived = (isArchived: boolean): Endpoint =>
    endpoint(oneModel, ({ model: id }, call) => {
      const model = findOwn(id, call.caller.company);
      const others = model.system_tags.filter((tag) => tag !== 'archived');
      put(model, call, { system_tags: isArchived ? [...others, 'archived'] : others });
      return isArchived ? { archived: true } : { unarchived: true };
    });

  const setPublic = (isPublic: boolean): Endpoint =>
    endpoint(manyModels, ({ ids }, call) => {
      const { company } = call.caller;
      const isOther = ({ company: of, company_origin: origin }: ModelDocument): boolean =>
        isPublic ? of === company : of === '' && origin === company;
      const found = ids.flatMap((id) => store.models.get(id) ?? []).filter(isOther);
      const missing = ids.filter((id) => !found.some((model) => model.id === id));
      if (missing.length > 0) throw new ApiError('invalidModelId', { ids: missing });
      for (const model of found)
        put(model, call, isPublic ? { company: '', company_origin: company } : { company, company_origin: undefined });
      return { updated: found.length };
    });

  const changeMetadata = (
    call: Call,
    id: string,
    change: (before: ModelDocument['metadata']) => ModelDocument['metadata'],
  ): Fields => {
    const model = findOwn(id, call.caller.company);
    put(model, call, { metadata: change(model.metadata), last_update: formatInstant(clock.now()) });
    return { updated: 1 };
  };

  const list = (body: Fields, isJoined: boolean): Fields => {
    const all = isJoined ? store.models.all().map((model) => withReferences(store, model)) : store.models.all();
    const known = isJoined ? MODEL_JOINED_FIELDS : MODEL_KNOWN_FIELDS;
    const { documents, scroll } = listDocuments(all, body, { conditions: CONDITIONS, hidden: HIDDEN, known });
    return { models: documents, ...scroll };
  };

  return {
    'models.get_by_id': endpoint(oneModel, ({ model: id }, call) => {
      const model = store.models.get(id);
      const facts = { id, company: call.caller.company };
      if (model === undefined) throw new ApiError('invalidModelId', facts, 'no such public or company model');
      return { model: leaveOut(model, HIDDEN) };
    }),
    'models.get_all': (call) => list(call.body, false),
    'models.get_all_ex': (call) => list(call.body, true),
    'models.create': create,
    'models.edit': edit,
    'models.set_ready': setReady,
    'models.archive_many': forMany(setArchived(true), 'model'),
    'models.unarchive_many': forMany(setArchived(false), 'model'),
    'models.make_public': setPublic(true),
    'models.make_private': setPublic(false),
    'models.add_or_update_metadata': endpoint(editMetadata, ({ model, metadata, replace_metadata: isWhole }, call) => {
      const items = Object.fromEntries(metadata.map((item) => [item.key, item]));
      return changeMetadata(call, model, (before) => ({ ...(isWhole ? {} : before), ...items }));
    }),
    'models.delete_metadata': endpoint(deleteMetadata, ({ model, keys }, call) =>
      changeMetadata(call, model, (before) => leaveOut(before, keys)),
    ),
    'models.delete': endpoint(deleteRequest, ({ model: id, force }, call) => {
      const model = findOwn(id, call.caller.company);
      deleteModel(store, model, { force, now: formatInstant(clock.now()), by: call.caller.user });
      return { deleted: true, url: model.uri };
    }),
  };
}

/** The task of a model may be deleted since: then its name is kept, and not checked. */
function withoutDeletedTask(body: Fields): Fields {
  const { task, ...others } = body;
  return typeof task === 'string' && !task.startsWith('__DELETED__') ? body : others;
}

/** @throws ApiError 400/800 */
function checkName(name: string): void {
  if (name.length < 3) throw new ApiError('dataValidation', { name: 'String value is too short' });
}

/** @throws ApiError 400/800 */
function checkLabels(labels: ModelDocument['labels']): void {
  const values = Object.values(labels);
  const wrong = Object.entries(labels).find(([, value]) => typeof value === 'string');
  if (wrong !== undefined)
    throw new ApiError('dataValidation', { labels: `Expected int or NoneType, got str: ${String(wrong[1])}` });
  const ids = values.filter((value) => value !== null && value !== 0);
  if (new Set(ids).size < ids.length)
    throw new ApiError('dataValidation', { labels: 'Same label id appears more than once in model labels' });
}

/** The `_ex` form: references to other documents become `{id, name}`. */
function withReferences(store: Store, model: ModelDocument): Fields {
  return {
    ...model,
    company: { id: model.company },
    user: { id: model.user },
    task: referenceTo(store.tasks, model.task),
    project: referenceTo(store.projects, model.project),
    parent: referenceTo(store.models, model.parent),
  };
}
