// Creates a task from the fields that a request may set (`create_fields` of the real server).
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { anything, texts, artifact, configuration, parameter, type TaskDocument } from '../store/documents.ts';
import { formatInstant } from '../store/sandbox-clock.ts';
import { randomId } from '../store/random-id.ts';
import type { Store } from '../store/store.ts';

const TASK_TYPES = [
  'training',
  'testing',
  'inference',
  'data_processing',
  'application',
  'monitor',
  'controller',
  'report',
  'optimizer',
  'service',
  'qc',
  'custom',
] as const;

export const taskType = z.enum(TASK_TYPES);

/** Fields that create and edit accept; others are ignored. */
export const taskFields = z.object({
  name: z.string().trim().exactOptional(),
  type: taskType.exactOptional(),
  tags: texts.exactOptional(),
  system_tags: texts.exactOptional(),
  comment: z.string().exactOptional(),
  parent: z.string().exactOptional(),
  project: z.string().exactOptional(),
  output_dest: z.string().exactOptional(),
  script: anything.exactOptional(),
  execution: z.looseObject({ artifacts: z.array(artifact).exactOptional() }).exactOptional(),
  container: z.record(z.string(), z.string().nullable()).exactOptional(),
  hyperparams: z.record(z.string(), z.record(z.string(), parameter)).exactOptional(),
  configuration: z.record(z.string(), configuration).exactOptional(),
  models: z
    .object({ input: z.array(anything).exactOptional(), output: z.array(anything).exactOptional() })
    .exactOptional(),
  runtime: anything.exactOptional(),
});

export type TaskFields = z.infer<typeof taskFields>;

/**
 * Creates a draft.
 * @throws ApiError 400/800 for a name under 3 characters, 400/101 or 400/401 for a missing parent or project
 */
export function createTask(
  store: Store,
  nowAt: number,
  fields: Omit<TaskFields, 'name' | 'type'> & { readonly name: string; readonly type: string },
  owner: { readonly user: string; readonly company: string },
): TaskDocument {
  const now = formatInstant(nowAt);
  const { output_dest: destination, models, script, ...plain } = fields;
  const task: TaskDocument = {
    last_iteration: 0,
    last_metrics: {},
    metric_stats: {},
    tags: [],
    system_tags: [],
    container: {},
    hyperparams: {},
    configuration: {},
    runtime: {},
    ...plain,
    id: randomId(),
    status: 'created',
    created: now,
    last_update: now,
    last_change: now,
    last_changed_by: owner.user,
    user: owner.user,
    company: owner.company,
    script: stripped({ binary: 'python', repository: '', entry_point: '', ...script }),
    execution: { artifacts: [], ...fields.execution },
    models: { input: models?.input ?? [], output: models?.output ?? [] },
    output: destination === undefined ? {} : { destination },
  };
  checkTask(store, task);
  store.tasks.put(task);
  return task;
}

/** @throws ApiError 400/800, 400/101, 400/401 */
export function checkTask(store: Store, task: Pick<TaskDocument, 'name' | 'parent' | 'project'>): void {
  if (task.name.length < 3) throw new ApiError('dataValidation', { name: task.name }, 'name is too short');
  const { parent, project } = task;
  if (parent !== undefined && !parent.startsWith('__DELETED__') && store.tasks.get(parent) === undefined) {
    throw new ApiError('invalidTaskId', { parent }, 'invalid parent');
  }
  if (project !== undefined && project !== '' && store.projects.get(project) === undefined) {
    throw new ApiError('invalidProjectId', { id: project });
  }
}

/** Trims the names and paths of a script, but not its code. */
export function stripped(script: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const strip = (key: string, value: unknown): unknown =>
    typeof value === 'string' && key !== 'diff' ? value.trim() : value;
  return Object.fromEntries(Object.entries(script).map(([key, value]) => [key, strip(key, value)]));
}
