// The conditions of tasks.get_all and their kinds (`Task.get_all_query_options` of the real server).
import type { Conditions } from './filter.ts';

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
export const HIDDEN_TASK_FIELDS = ['enqueue_status', 'unique_metrics', 'company_origin'];
