// The state machine of tasks, as in the real server (apiserver/bll/task/utils.py, `state_machine`).

export const TASK_STATUSES = [
  'created',
  'queued',
  'in_progress',
  'stopped',
  'publishing',
  'published',
  'closed',
  'failed',
  'completed',
  'unknown',
] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

const FOLLOWERS: Readonly<Record<Exclude<TaskStatus, 'unknown'>, readonly TaskStatus[]>> = {
  created: ['queued', 'in_progress'],
  queued: ['created', 'in_progress', 'stopped'],
  in_progress: ['stopped', 'failed', 'created', 'completed'],
  stopped: ['closed', 'created', 'failed', 'queued', 'in_progress', 'published', 'publishing', 'completed'],
  closed: ['created', 'failed', 'published', 'publishing', 'stopped'],
  failed: ['created', 'stopped', 'published', 'queued'],
  publishing: ['published'],
  published: [],
  completed: ['published', 'in_progress', 'created'],
};

/**
 * Checks a change without force. An unchanged status is always allowed. `unknown` is in no row of the server's
 * table, so a change from it is an internal error.
 */
export function checkChange(from: TaskStatus, to: TaskStatus): 'allowed' | 'refused' | 'no such row' {
  if (from === to) return 'allowed';
  if (from === 'unknown') return 'no such row';
  return FOLLOWERS[from].includes(to) ? 'allowed' : 'refused';
}
