// The names that a listing may request or sort by: the fields of the real server's models (apiserver/database/model).
import { ApiError } from './api-error.ts';

/** `leaf` has no fields; `any` accepts every field; the others have the fields of the table. */
export type KnownFields = 'leaf' | 'any' | { readonly [name: string]: KnownFields };

const LEAF = 'leaf';
const ANY = 'any';

const leaves = <Name extends string>(...names: readonly Name[]): Record<Name, KnownFields> =>
  Object.fromEntries(names.map((name) => [name, LEAF])) as Record<Name, KnownFields>;

const script = leaves('binary', 'repository', 'tag', 'branch', 'version_num', 'entry_point', 'working_dir', 'diff');
const execution = leaves('test_split', 'framework', 'queue');

const EXECUTION_FIELDS = { ...execution, parameters: ANY, model_desc: ANY, model_labels: ANY, artifacts: ANY } as const;

export const TASK_KNOWN_FIELDS = {
  ...leaves('id', 'name', 'type', 'user', 'company', 'company_origin', 'project', 'parent', 'comment', 'tags'),
  ...leaves('status', 'status_reason', 'status_message', 'status_changed', 'enqueue_status', 'system_tags'),
  ...leaves('created', 'started', 'completed', 'published', 'active_duration', 'duration', 'report', 'report_assets'),
  ...leaves('last_update', 'last_change', 'last_changed_by', 'last_worker', 'last_worker_report', 'last_iteration'),
  unique_metrics: LEAF,
  last_metrics: ANY,
  metric_stats: ANY,
  hyperparams: ANY,
  configuration: ANY,
  runtime: ANY,
  container: ANY,
  script: { ...script, requirements: ANY },
  execution: EXECUTION_FIELDS,
  models: { input: ANY, output: ANY },
  output: leaves('destination', 'error', 'result'),
} as const satisfies KnownFields;

/** Includes the documents that the `_ex` calls join. */
export const TASK_JOINED_FIELDS: KnownFields = {
  ...TASK_KNOWN_FIELDS,
  user: ANY,
  company: ANY,
  project: ANY,
  parent: ANY,
  execution: { ...EXECUTION_FIELDS, queue: ANY },
};

export const MODEL_KNOWN_FIELDS = {
  ...leaves('id', 'name', 'company', 'company_origin', 'user', 'project', 'parent', 'task', 'comment', 'created'),
  ...leaves('uri', 'framework', 'ready', 'tags', 'system_tags', 'last_update', 'last_change', 'last_changed_by'),
  ...leaves('last_iteration', 'unique_metrics'),
  design: ANY,
  labels: ANY,
  metadata: ANY,
  ui_cache: ANY,
  last_metrics: ANY,
} as const satisfies KnownFields;

export const MODEL_JOINED_FIELDS: KnownFields = {
  ...MODEL_KNOWN_FIELDS,
  user: ANY,
  company: ANY,
  project: ANY,
  parent: ANY,
  task: ANY,
};

export const QUEUE_KNOWN_FIELDS: KnownFields = {
  ...leaves('id', 'name', 'display_name', 'company', 'created', 'last_update', 'tags', 'system_tags'),
  entries: ANY,
  metadata: ANY,
  resources: ANY,
};

/**
 * Rejects a path that the model does not have.
 * @throws ApiError 400/14
 */
export function checkKnownFields(known: KnownFields, paths: readonly string[]): void {
  for (const path of paths) {
    let at: KnownFields = known;
    for (const name of path.split('.')) {
      const below: KnownFields | undefined = at === ANY ? ANY : at === LEAF ? undefined : at[name];
      if (below === undefined) {
        const extra = 'probably an invalid field name or unsupported nested field';
        throw new ApiError('unknownField', { err: `Cannot resolve field "${name}"` }, extra);
      }
      at = below;
    }
  }
}
