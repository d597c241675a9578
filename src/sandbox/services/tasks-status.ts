// The status calls of workers, and the user's abort.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import {
  endpoint,
  forMany,
  noteOf,
  statusRequest,
  type Call,
  type Endpoint,
  type Service,
} from '../requests/endpoint.ts';
import type { TaskStatus, TaskDocument } from '../store/documents.ts';
import { formatInstant, parseInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { changeStatus, checkMachine, findTask, touchTask, type UpdateAnswer } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';
import { dequeueQuietly } from '../tasks/leave-queue.ts';

const completedRequest = z.object({ ...statusRequest.shape, publish: z.boolean().default(false) });

type StatusRequest = z.infer<typeof statusRequest>;
type Changes = (task: TaskDocument, now: string) => Partial<TaskDocument>;

const completes: Changes = (_, now) => ({ completed: now });

export function createTasksStatusService(store: Store, clock: SandboxClock): Service {
  /**
   * Reads the task, waits where another call could overtake the real server, and writes if the status is unchanged. The time is that
   * before the write: a reader may see a change later than its time says.
   */
  async function report(request: StatusRequest, call: Call, to: TaskStatus, also: Changes): Promise<UpdateAnswer> {
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

  const reports = (to: TaskStatus, also: Changes): Endpoint =>
    endpoint(statusRequest, (request, call) => report(request, call, to, also));

  async function publish(request: StatusRequest, call: Call): Promise<UpdateAnswer> {
    const task = findTask(store, request.task);
    if (!request.force) checkMachine(task.status, 'published');
    return report({ ...request, force: true }, call, 'published', (_, now) => ({ published: now }));
  }

  const stop = endpoint(statusRequest, async (request, call) => {
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
  });

  return {
    'tasks.started': endpoint(statusRequest, async (request, call) => {
      // The real server returns 400/10 here, not 400/101 as in all other calls.
      if (store.tasks.get(request.task) === undefined) throw new ApiError('invalidId', { task: request.task });
      const answer = await report(request, call, 'in_progress', (task, now) =>
        // A run that was reported before keeps its start time.
        task.status === 'in_progress' && task.started !== undefined
          ? {}
          : { started: now, completed: undefined, active_duration: undefined },
      );
      return { ...answer, started: answer.updated };
    }),
    'tasks.stopped': reports('stopped', completes),
    'tasks.failed': reports('failed', completes),
    'tasks.close': reports('closed', () => ({})),
    'tasks.completed': endpoint(completedRequest, async (request, call) => {
      const answer = await report(request, call, 'completed', completes);
      if (!request.publish) return { ...answer, published: 0 };
      const published = await publish(request, call);
      return { ...answer, fields: { ...answer.fields, status: 'published' }, published: published.updated };
    }),
    'tasks.publish': endpoint(statusRequest, publish),
    'tasks.publish_many': forMany(endpoint(statusRequest, publish)),
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
