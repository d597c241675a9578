// The acts of users and agents on a task, and which of its times each of them sets.
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

export const TIMES = ['status_changed', 'last_change', 'last_update'] as const;

export interface Subject {
  readonly task: TaskId;
  readonly queue: QueueId;
  readonly other: QueueId;
}

export type Status = 'created' | 'queued' | 'in_progress' | 'stopped';

interface Act {
  readonly title: string;
  /** The status of the task before. */
  readonly from: Status;
  readonly act: (testBed: ContractTestBed, subject: Subject) => Promise<unknown>;
  readonly sets: readonly (typeof TIMES)[number][];
}

const ALL = TIMES;
const CHANGE_ONLY = ['last_change'] as const;
const NOT_THE_STATUS = ['last_change', 'last_update'] as const;

function calls(endpoint: string, body: (subject: Subject) => object): Act['act'] {
  return ({ raw }, subject) => raw.call(endpoint, body(subject));
}

const one = ({ task }: Subject): object => ({ task });
const forced = ({ task }: Subject): object => ({ task, force: true });
const many = ({ task }: Subject): object => ({ ids: [task] });

export const ACTS: readonly Act[] = [
  // What ends, stops, moves or discards a task sets all three.
  { title: 'tasks.stop for a queued task', from: 'queued', act: calls('tasks.stop', one), sets: ALL },
  { title: 'tasks.stop for a running task', from: 'in_progress', act: calls('tasks.stop', one), sets: ALL },
  { title: 'tasks.stop_many', from: 'in_progress', act: calls('tasks.stop_many', many), sets: ALL },
  { title: 'tasks.started', from: 'queued', act: calls('tasks.started', one), sets: ALL },
  { title: 'tasks.stopped', from: 'in_progress', act: calls('tasks.stopped', one), sets: ALL },
  { title: 'tasks.failed', from: 'queued', act: calls('tasks.failed', forced), sets: ALL },
  { title: 'tasks.completed', from: 'in_progress', act: calls('tasks.completed', one), sets: ALL },
  { title: 'tasks.dequeue', from: 'queued', act: calls('tasks.dequeue', one), sets: ALL },
  { title: 'tasks.dequeue_many', from: 'queued', act: calls('tasks.dequeue_many', many), sets: ALL },
  { title: 'tasks.reset', from: 'stopped', act: calls('tasks.reset', forced), sets: ALL },
  {
    title: 'tasks.reset_many',
    from: 'in_progress',
    act: calls('tasks.reset_many', (s) => ({ ...many(s), force: true })),
    sets: ALL,
  },
  {
    title: 'tasks.enqueue into another queue',
    from: 'queued',
    act: calls('tasks.enqueue', ({ task, other: queue }) => ({ task, queue })),
    sets: ALL,
  },
  {
    title: 'tasks.enqueue_many',
    from: 'stopped',
    act: calls('tasks.enqueue_many', (s) => ({ ...many(s), queue: s.other })),
    sets: ALL,
  },
  {
    title: 'tasks.archive for a queued task',
    from: 'queued',
    act: calls('tasks.archive', ({ task }) => ({ tasks: [task] })),
    sets: ALL,
  },
  {
    title: 'tasks.archive_many for a running task',
    from: 'in_progress',
    act: calls('tasks.archive_many', many),
    sets: ALL,
  },
  {
    title: 'queues.remove_task with update_task_status',
    from: 'queued',
    act: calls('queues.remove_task', ({ task, queue }) => ({ task, queue, update_task_status: true })),
    sets: ALL,
  },
  {
    title: 'queues.clear_queue for the queue of the task',
    from: 'queued',
    act: calls('queues.clear_queue', ({ queue }) => ({ queue })),
    sets: ALL,
  },
  // What leaves the status as it is does not show in its time.
  {
    title: 'tasks.archive for a stopped task',
    from: 'stopped',
    act: calls('tasks.archive', ({ task }) => ({ tasks: [task] })),
    sets: CHANGE_ONLY,
  },
  { title: 'tasks.unarchive_many', from: 'stopped', act: calls('tasks.unarchive_many', many), sets: CHANGE_ONLY },
  {
    title: 'tasks.update with a new status message',
    from: 'queued',
    act: calls('tasks.update', (s) => ({ ...one(s), status_message: 'waits' })),
    sets: CHANGE_ONLY,
  },
  {
    title: 'tasks.update with a new name',
    from: 'in_progress',
    act: calls('tasks.update', (s) => ({ ...one(s), name: 'renamed' })),
    sets: CHANGE_ONLY,
  },
  {
    title: 'tasks.edit with a new name',
    from: 'queued',
    act: calls('tasks.edit', (s) => ({ ...forced(s), name: 'renamed' })),
    sets: CHANGE_ONLY,
  },
  {
    title: 'tasks.edit with a new container',
    from: 'queued',
    act: calls('tasks.edit', (s) => ({ ...forced(s), container: { image: 'a' } })),
    sets: NOT_THE_STATUS,
  },
  {
    title: 'tasks.edit with a new status',
    from: 'queued',
    act: calls('tasks.edit', (s) => ({ ...forced(s), status: 'stopped' })),
    sets: NOT_THE_STATUS,
  },
  { title: 'tasks.edit without fields', from: 'queued', act: calls('tasks.edit', forced), sets: [] },
  {
    title: 'tasks.edit_hyper_params with a user property',
    from: 'in_progress',
    act: ({ client }, { task }) => client.tasks.setProperties(task, { slurm_job_id: '7' }),
    sets: CHANGE_ONLY,
  },
  {
    title: 'tasks.edit_hyper_params with a parameter',
    from: 'created',
    act: calls('tasks.edit_hyper_params', (s) => ({
      ...one(s),
      hyperparams: [{ section: 'Args', name: 'a', value: '1' }],
    })),
    sets: NOT_THE_STATUS,
  },
  { title: 'tasks.ping', from: 'in_progress', act: calls('tasks.ping', one), sets: NOT_THE_STATUS },
  {
    title: 'events.add_batch with a console line',
    from: 'in_progress',
    act: ({ client }, { task }) => client.events.log(task, 'w', [{ level: 'INFO', text: 'a' }]),
    sets: NOT_THE_STATUS,
  },
  {
    title: 'workers.status_report with the task',
    from: 'in_progress',
    act: calls('workers.status_report', (s) => ({ ...one(s), worker: 'contract:worker', timestamp: Date.now() })),
    sets: NOT_THE_STATUS,
  },
  // What only moves its entry sets none.
  {
    title: 'queues.add_task',
    from: 'queued',
    act: calls('queues.add_task', ({ task, other: queue }) => ({ task, queue })),
    sets: [],
  },
  {
    title: 'queues.remove_task',
    from: 'queued',
    act: calls('queues.remove_task', ({ task, queue }) => ({ task, queue })),
    sets: [],
  },
  {
    title: 'queues.get_next_task',
    from: 'queued',
    act: calls('queues.get_next_task', ({ queue }) => ({ queue })),
    sets: [],
  },
];
