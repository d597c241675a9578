// The ClearML server's rules for a single task: from a world and a call to a response and the next world. Pure.
import { checkChange } from '../../src/sandbox/tasks/status-change.ts';
import { isReturnedToQueue } from '../../src/daemon/console/console-messages.ts';
import {
  QUEUE_IDS,
  QUEUES,
  REASONS,
  TASK_ID,
  type QueueName,
  type ServerCall,
  type Stamp,
  type Status,
  type TaskValue,
  type World,
} from './world.ts';

/** A task in a response, and whether its agent has just sent a heartbeat. */
export interface SeenTask extends TaskValue {
  readonly isHeard: boolean;
}

export type Answer =
  | { readonly queues: Partial<Record<QueueName, Stamp>> }
  | { readonly tasks: readonly SeenTask[] }
  | { readonly task: SeenTask }
  /** The number of changed tasks or entries. */
  | { readonly count: number }
  | { readonly isPopped: boolean }
  | { readonly refused: readonly [code: number, subcode: number] };

export interface Served {
  readonly answer: Answer;
  readonly world: World;
}

interface Circumstances {
  /** Later than all stamps in use. */
  readonly stamp: Stamp;
  /** An agent runs the task, and has just sent a heartbeat. */
  readonly isHeard: boolean;
}

const NO_TASK = [400, 101] as const;
const WRONG_STATUS = [400, 110] as const;
const NOT_IN_QUEUE = [400, 703] as const;
const ALREADY_QUEUED = [400, 706] as const;
/** Only `tasks.started` has another code for a missing task. */
const NO_TASK_TO_START = [400, 10] as const;

type Rule = (world: World, body: ServerCall['body'], now: Circumstances) => Served;

const RULES: Readonly<Record<string, Rule>> = {
  'queues.get_all': (world, body) => {
    const wanted = Array.isArray(body['id'])
      ? QUEUES.filter((name) => (body['id'] as unknown[]).includes(QUEUE_IDS[name]))
      : QUEUES;
    return read(world, { queues: Object.fromEntries(wanted.map((name) => [name, world.entries[name]])) });
  },
  'queues.get_next_task': (world, body) => {
    const name = queueOf(body);
    if (world.entries[name] === 0) return read(world, { isPopped: false });
    const popped = withEntry(world, name, 0);
    // The real server repairs here the result of an abort and an enqueue at the same time.
    const task = popped.task?.status === 'stopped' ? { ...popped.task, status: 'queued' as const } : popped.task;
    return { world: { ...popped, task }, answer: { isPopped: true } };
  },
  'queues.add_task': (world, body, { stamp }) => {
    const name = queueOf(body);
    if (world.entries[name] !== 0) return refuse(world, ALREADY_QUEUED);
    const added = withEntry(world, name, stamp);
    if (body['update_execution_queue'] === false || added.task === undefined) return count(added, 1);
    return count({ ...added, task: { ...added.task, queue: name } }, 1);
  },
  'queues.remove_task': (world, body) => {
    const name = queueOf(body);
    return world.entries[name] === 0 ? refuse(world, NOT_IN_QUEUE) : count(withEntry(world, name, 0), 1);
  },
  'tasks.get_by_id': (world, _, now) =>
    world.task === undefined ? refuse(world, NO_TASK) : read(world, { task: toSeenTask(world.task, now) }),
  'tasks.get_all': (world, body, now) => {
    const found = world.task !== undefined && isMatch(world.task, body) ? [toSeenTask(world.task, now)] : [];
    return read(world, { tasks: found });
  },
  'tasks.update': (world, body) => {
    if (world.task === undefined) return refuse(world, NO_TASK);
    return count({ ...world, task: { ...world.task, message: keepMessage(body['status_message']) } }, 1);
  },
  'tasks.edit_hyper_params': (world, body) => {
    if (world.task === undefined) return refuse(world, NO_TASK);
    const items = body['hyperparams'] as readonly { readonly name: string; readonly value: string }[];
    const { task } = world;
    const valueOf = (property: string): string | undefined => items.find(({ name }) => name === property)?.value;
    const slurmJob = valueOf('slurm_job_id') ?? task.slurmJob;
    const slurmCancelled = valueOf('slurm_cancelled') ?? task.slurmCancelled;
    return count({ ...world, task: { ...task, slurmJob, slurmCancelled } }, 1);
  },
  'workers.status_report': (world, body) => {
    if (world.task === undefined) return refuse(world, NO_TASK);
    return count({ ...world, task: { ...world.task, worker: String(body['worker']) } }, 1);
  },
  'tasks.started': (world, body, now) => {
    if (world.task === undefined) return refuse(world, NO_TASK_TO_START);
    const { status, run } = world.task;
    const started = change(world, 'in_progress', body, now);
    if ('refused' in started.answer || started.world.task === undefined || (status === 'in_progress' && run > 0))
      return started;
    const runs = world.runs + 1;
    return { ...started, world: { ...started.world, runs, task: { ...started.world.task, run: runs } } };
  },
  'tasks.stopped': (world, body, now) => change(world, 'stopped', body, now),
  'tasks.failed': (world, body, now) => change(world, 'failed', body, now),
  'tasks.completed': (world, body, now) => change(world, 'completed', body, now),
  'tasks.dequeue': (world, body, now) => {
    if (world.task === undefined) return count({ ...world, entries: { own: 0, scheduler: 0, other: 0 } }, 0);
    const out = leaveOwnQueue(world);
    const { status, before } = world.task;
    if (status !== 'queued' && status !== 'in_progress') return count(out, 0);
    const next = (body['new_status'] as Status | undefined) ?? (before === '' ? 'created' : before);
    return change(forgetBefore(out), next, { ...body, force: true }, now);
  },
  'tasks.stop': (world, body, now) => {
    const { task } = world;
    if (task === undefined) return refuse(world, NO_TASK);
    if (task.status === 'queued') return change(leaveOwnQueue(world), 'stopped', { ...body, force: true }, now);
    if (task.worker !== '' && now.isHeard)
      return change(world, task.status, { ...body, status_message: 'stopping' }, now);
    return change(world, 'stopped', body, now);
  },
  'tasks.reset': (world, body, now) => {
    if (world.task === undefined) return refuse(world, NO_TASK);
    const reset = change(world, 'created', { ...body, force: true }, now).world;
    if (reset.task === undefined) return count(reset, 0);
    const task = { ...reset.task, queue: '' as const, before: '' as const, worker: '', run: 0 };
    return count({ ...reset, task, entries: { own: 0, scheduler: 0, other: 0 } }, 1);
  },
  'tasks.enqueue': (world, body, now) => {
    const { task } = world;
    if (task === undefined) return refuse(world, NO_TASK);
    if (checkChange(task.status, 'queued') === 'refused') return refuse(world, WRONG_STATUS);
    const name = queueOf(body);
    // The server changes the status, finds the entry, and changes the status back by force.
    if (world.entries[name] !== 0) {
      const { world: back } = change(forgetBefore(world), task.status, { ...body, force: true }, now);
      return refuse(back, ALREADY_QUEUED);
    }
    const { world: queued } = change(world, 'queued', body, now);
    const before = task.status === 'queued' ? (task.before === '' ? 'queued' : task.before) : task.status;
    const entries = { own: 0, scheduler: 0, other: 0, [name]: now.stamp };
    return count({ ...queued, entries, task: { ...(queued.task ?? task), queue: name, before } }, 1);
  },
  'tasks.delete': (world) => {
    if (world.task === undefined) return refuse(world, NO_TASK);
    return count({ ...world, task: undefined, entries: { own: 0, scheduler: 0, other: 0 } }, 1);
  },
};

/** Endpoints that change nothing. */
export const READS: readonly string[] = ['queues.get_all', 'tasks.get_by_id', 'tasks.get_all'];

export function serve(world: World, { endpoint, body }: ServerCall, now: Circumstances): Served {
  const rule = RULES[endpoint];
  if (rule === undefined) throw new Error(`the model of the server has no ${endpoint}`);
  return rule(world, body, now);
}

function change(world: World, to: Status, body: ServerCall['body'], { stamp }: Circumstances): Served {
  const { task } = world;
  if (task === undefined) return refuse(world, NO_TASK);
  if (body['force'] !== true && checkChange(task.status, to) !== 'allowed') return refuse(world, WRONG_STATUS);
  const changed: TaskValue = {
    ...task,
    status: to,
    reason: REASONS.find((reason) => reason === body['status_reason']) ?? '',
    message: keepMessage(body['status_message']),
    changed: stamp,
  };
  return count({ ...world, task: changed }, 1);
}

/** Only the queue in `execution.queue`, and only for a queued task. */
function leaveOwnQueue(world: World): World {
  const { task } = world;
  return task?.status === 'queued' && task.queue !== '' ? withEntry(world, task.queue, 0) : world;
}

function forgetBefore(world: World): World {
  return world.task === undefined ? world : { ...world, task: { ...world.task, before: '' } };
}

function isMatch(task: TaskValue, body: ServerCall['body']): boolean {
  if (Array.isArray(body['id'])) return (body['id'] as unknown[]).includes(TASK_ID);
  const statuses = body['status'] as readonly string[];
  const queues = body['execution.queue'] as readonly string[];
  return statuses.includes(task.status) && task.queue !== '' && queues.includes(QUEUE_IDS[task.queue]);
}

function keepMessage(message: unknown): string {
  if (typeof message !== 'string') return '';
  if (message.includes('stopping')) return 'stopping';
  return isReturnedToQueue(message) || message.startsWith('The task was in no queue') ? message : '';
}

function queueOf(body: ServerCall['body']): QueueName {
  const name = QUEUES.find((one) => QUEUE_IDS[one] === body['queue']);
  if (name === undefined) throw new Error(`the model has no queue ${String(body['queue'])}`);
  return name;
}

function withEntry(world: World, name: QueueName, stamp: Stamp): World {
  return { ...world, entries: { ...world.entries, [name]: stamp } };
}

function toSeenTask(task: TaskValue, { isHeard }: Circumstances): SeenTask {
  return { ...task, isHeard };
}

function read(world: World, answer: Answer): Served {
  return { world, answer };
}

function count(world: World, changed: number): Served {
  return { world, answer: { count: changed } };
}

function refuse(world: World, refused: readonly [code: number, subcode: number]): Served {
  return { world, answer: { refused } };
}
