// Reads a task as the server writes it into a `Task`: one odd field must not hide the task, nor the others of its page.
import { z } from 'zod';
import { QueueIdShape, TaskIdShape } from './ids.ts';
import { readTime } from './iso-time.ts';
import { TASK_STATUSES, type Task } from './task.ts';

/** What to ask for (`only_fields`). */
export const TASK_FIELDS = [
  'id',
  'name',
  'status',
  'status_reason',
  'status_message',
  'status_changed',
  'last_update',
  'last_worker',
  'user',
  'execution.queue',
  'system_tags',
  'hyperparams.properties.slurm_job_id.value',
];

/** Unset fields are absent from the server's answers. */
const text = z.string().catch('');
const name = z.string().min(1).optional().catch(undefined);
const time = z.string().transform(readTime).optional().catch(undefined);

export const TaskRow = z
  .object({
    id: TaskIdShape,
    name: text,
    status: z.enum(TASK_STATUSES).catch('unknown'),
    status_reason: text,
    status_message: text,
    status_changed: time,
    last_update: time,
    last_worker: name,
    user: name,
    execution: z.object({ queue: QueueIdShape.optional().catch(undefined) }).catch({ queue: undefined }),
    system_tags: z.array(z.string()).catch([]),
    hyperparams: z
      .object({ properties: z.object({ slurm_job_id: z.object({ value: name }) }) })
      .optional()
      .catch(undefined),
  })
  .transform((row): Task => ({
    id: row.id,
    name: row.name,
    status: row.status,
    statusReason: row.status_reason,
    statusMessage: row.status_message,
    statusChanged: row.status_changed,
    lastUpdate: row.last_update,
    lastWorker: row.last_worker,
    user: row.user,
    executionQueue: row.execution.queue,
    archived: row.system_tags.includes('archived'),
    slurmJob: row.hyperparams?.properties.slurm_job_id.value,
  }));
