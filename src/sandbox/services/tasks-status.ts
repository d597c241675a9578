// The status calls of workers, and the user's abort.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import {
  forMany,
  noteOf,
  parseRequest,
  statusRequest,
  type Call,
  type Endpoint,
  type Service,
} from '../requests/endpoint.ts';
import type { TaskDocument } from '../store/documents.ts';
import { formatInstant, parseInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { changeStatus, checkMachine, findTask, touchTask, type UpdateAnswer } from '../tasks/status-change.ts';
import type { TaskStatus } from '../tasks/status-machine.ts';
import type { Store } from '../store/store.ts';
import { dequeueQuietly } from '../tasks/leave-queue.ts';

const completedRequest = z.object({ ...statusRequest.shape, publish: z.boolean().default(false) });

export function createTasksStatusService(store: Store, clock: SandboxClock): Service {
  /**
   * Reads the task, waits where another call could overtake the real server, and writes if the status is unchanged. The time is that
   * before the write: a reader may see a change later than its time says.
   */
  async function report(
    call: Call,
    to: TaskStatus,
    also: (task: TaskDocument, now: string) => Partial<TaskDocument>,
  ): Promise<UpdateAnswer> {
    const request = parseRequest(statusRequest, call.body);
    const task = findTask(store, request.task);
    const nowAt = clock.now();
    await call.gap();
    return changeStatus(store, nowAt, {
      task,
      to,
      ...noteOf(request, call),
      force: request.force,
      also: also(task, formatInstant(nowAt)),
    });
  }

  async function publish(call: Call): Promise<UpdateAnswer> {
    const request = parseRequest(statusRequest, call.body);
    const task = findTask(store, request.task);
    if (!request.force) checkMachine(task.status, 'published');
    return report({ ...call, body: { ...call.body, force: true } }, 'published', (_, now) => ({ published: now }));
  }

  const stop: Endpoint = async (call) => {
    const request = parseRequest(statusRequest, call.body);
    const task = findTask(store, request.task);
    const nowAt = clock.now();
    const decision = decideStop(task, nowAt);
    if (task.status === 'queued') await dequeueQuietly(store, task, nowAt, call.gap);
    else await call.gap();
    return changeStatus(store, nowAt, {
      task,
      to: decision === 'end' ? 'stopped' : task.status,
      reason: request.status_reason,
      message: decision === 'end' ? `Stopped by ${call.caller.userName}` : STOPPING_MESSAGE,
      force: request.force,
      by: call.caller.user,
    });
  };

  return {
    'tasks.started': async (call) => {
      const { task: id } = parseRequest(statusRequest, call.body);
      // The real server returns 400/10 here, not 400/101 as in all other calls.
      if (store.tasks.get(id) === undefined) throw new ApiError('invalidId', { task: id });
      const answer = await report(call, 'in_progress', (task, now) =>
        // A run that was reported before keeps its start time.
        task.status === 'in_progress' && task.started !== undefined
          ? {}
          : { started: now, completed: undefined, active_duration: undefined },
      );
      return { ...answer, started: answer.updated };
    },
    'tasks.stopped': (call) => report(call, 'stopped', (_, now) => ({ completed: now })),
    'tasks.failed': (call) => report(call, 'failed', (_, now) => ({ completed: now })),
    'tasks.close': (call) => report(call, 'closed', () => ({})),
    'tasks.completed': async (call) => {
      const answer = await report(call, 'completed', (_, now) => ({ completed: now }));
      if (!parseRequest(completedRequest, call.body).publish) return { ...answer, published: 0 };
      const published = await publish(call);
      return { ...answer, fields: { ...answer.fields, status: 'published' }, published: published.updated };
    },
    'tasks.publish': publish,
    'tasks.publish_many': forMany(publish),
    'tasks.stop': stop,
    'tasks.stop_many': forMany(stop),
    'tasks.ping': (call) => {
      const id = call.body['task'];
      if (typeof id === 'string') touchTask(store, clock.now(), id, call.caller.user);
      return {};
    },
  };
}

/** A worker that is silent for longer is considered dead (`apiserver.workers.task_update_timeout`). */
const WORKER_SILENCE_MS = 600_000;

/** The status message that is the abort request to the agent. */
const STOPPING_MESSAGE = 'stopping';

export type StoppableTask = Pick<TaskDocument, 'status' | 'system_tags' | 'last_worker' | 'last_update'>;

/** `end` stops the task at once. `ask` keeps the status and sets the message `stopping`. Force changes nothing. */
export function decideStop(task: StoppableTask, nowAt: number): 'end' | 'ask' {
  if (task.status === 'queued') return 'end';
  if (task.system_tags.includes('development')) return 'end';
  return isRunByWorker(task, nowAt) ? 'ask' : 'end';
}

function isRunByWorker(task: StoppableTask, nowAt: number): boolean {
  const updatedAt = parseInstant(task.last_update);
  return task.last_worker !== undefined && updatedAt !== undefined && nowAt - updatedAt < WORKER_SILENCE_MS;
}
