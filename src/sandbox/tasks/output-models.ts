// What becomes of models if they, or the task that saved them, are discarded (`cleanup_task` and `delete_model` of the real server).
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import type { ModelDocument, TaskDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';

const modelItem = z.looseObject({ name: z.string(), model: z.string() });

interface Discard {
  /** Also published models, and those in use. */
  readonly force: boolean;
  readonly now: string;
  /** The user's id. */
  readonly by: string;
}

/** @throws ApiError 400/205 if the model is the input of a task, 400/206 if its task is published */
export function deleteModel(store: Store, model: ModelDocument, { force, now, by }: Discard): void {
  const deleted = `__DELETED__${model.id}`;
  const users = store.tasks.all().filter((task) => itemsOf(task, 'input').some((item) => item.model === model.id));
  if (users.length > 0 && !force)
    throw new ApiError('modelInUse', { num_tasks: users.length }, 'as execution model, use force=True to delete');
  for (const task of users) store.tasks.put({ ...task, models: { ...task.models, input: renamed(task, 'input') } });

  const task = store.tasks.get(model.task ?? '');
  if (task?.status === 'published') {
    if (!force)
      throw new ApiError('modelCreatingTaskExists', { task: task.id }, 'and published, use force=True to delete');
    const output = { ...task.output, error: `model deleted on ${now.slice(0, -6)}` };
    const models = { ...task.models, output: renamed(task, 'output') };
    store.tasks.put({ ...task, models, output, last_change: now, last_changed_by: by });
  } else if (task !== undefined) {
    const output = itemsOf(task, 'output').filter((item) => item.model !== model.id);
    store.tasks.put({ ...task, models: { ...task.models, output }, last_change: now, last_changed_by: by });
  }
  store.models.delete(model.id);

  function renamed(of: TaskDocument, type: 'input' | 'output'): unknown[] {
    return itemsOf(of, type).map((item) => (item.model === model.id ? { ...item, model: deleted } : item));
  }
}

/**
 * Before a task is reset or deleted. Models that are not published are deleted, unless another task has one as its input.
 * @param formerTask what becomes the task of the others, if anything
 * @throws ApiError 400/123 if the task has published models
 */
export function discardOutputModels(
  store: Store,
  task: TaskDocument,
  {
    force,
    now,
    by,
    deletesDrafts,
    formerTask,
  }: Discard & { readonly deletesDrafts: boolean; readonly formerTask?: string },
): { readonly deleted_models: number; readonly updated_models: number } {
  const ofTask = store.models.all().filter((model) => model.task === task.id);
  const published = ofTask.filter(({ ready }) => ready).length;
  if (published > 0 && !force)
    throw new ApiError(
      'taskCannotBeDeleted',
      { task: task.id, models: published },
      'has output models, use force=True',
    );
  const named = new Set(itemsOf(task, 'output').map(({ model }) => model));
  const outputs = store.models.all().filter(({ id }) => named.has(id));
  const other = outputs.find(({ ready }) => ready);
  if (other !== undefined && !force)
    throw new ApiError('taskCannotBeDeleted', { task: task.id, model: other.id }, 'has output model, use force=True');

  const inputs = new Set(store.tasks.all().flatMap((one) => itemsOf(one, 'input').map(({ model }) => model)));
  const counts = { deleted_models: 0, updated_models: 0 };
  for (const model of new Set([...ofTask, ...outputs])) {
    const isDraft = !model.ready && deletesDrafts;
    if (isDraft && !inputs.has(model.id)) {
      store.models.delete(model.id);
      counts.deleted_models += 1;
      continue;
    }
    store.models.put({ ...model, task: isDraft ? undefined : formerTask, last_change: now, last_changed_by: by });
    if (!isDraft && formerTask !== undefined) counts.updated_models += 1;
  }
  return counts;
}

function itemsOf(task: TaskDocument, type: 'input' | 'output'): z.infer<typeof modelItem>[] {
  return task.models[type].flatMap((item) => {
    const parsed = modelItem.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}
