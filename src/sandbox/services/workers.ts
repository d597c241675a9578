// Workers: their reports, queues and current tasks. A worker is alive for its timeout after its last report.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { referenceTo } from '../requests/list-documents.ts';
import { endpoint, parseRequest, type Fields, type Service } from '../requests/endpoint.ts';
import { texts, type TaskDocument, type WorkerDocument } from '../store/documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';
import { USER_NAME } from './auth.ts';

const DEFAULT_WORKER_TIMEOUT_MS = 600_000;

const registerRequest = z.object({
  worker: z.string(),
  timeout: z.number().int().optional(),
  queues: texts.default([]),
  tags: texts.default([]),
  system_tags: texts.default([]),
});
const reportRequest = z.object({
  worker: z.string(),
  timestamp: z.number().int(),
  task: z.string().optional(),
  queue: z.string().optional(),
  queues: texts.default([]),
  tags: texts.optional(),
  system_tags: texts.optional(),
});
const listRequest = z.object({
  last_seen: z.number().int().optional(),
  tags: texts.default([]),
  system_tags: texts.default([]),
  worker_pattern: z.string().optional(),
});

export function createWorkersService(store: Store, clock: SandboxClock): Service {
  function register(request: z.infer<typeof registerRequest>, ip: string): WorkerDocument {
    const unknown = request.queues.filter((queue) => store.queues.get(queue) === undefined);
    if (unknown.length > 0) throw new ApiError('invalidQueueId', { ids: unknown });
    const timeout = request.timeout ?? 0;
    const worker: WorkerDocument = {
      id: request.worker,
      ip,
      queues: request.queues,
      registeredAt: clock.now(),
      timeoutMs: timeout > 0 ? timeout * 1000 : DEFAULT_WORKER_TIMEOUT_MS,
      lastActivityAt: clock.now(),
      tags: request.tags,
      systemTags: request.system_tags,
    };
    store.workers.put(worker);
    return worker;
  }

  function list(body: Fields, defaultLastSeen: number): WorkerDocument[] {
    const request = parseRequest(listRequest, body);
    const lastSeen = request.last_seen ?? defaultLastSeen;
    const pattern = request.worker_pattern === undefined ? undefined : parseGlob(request.worker_pattern);
    return livingWorkers(store, clock.now()).filter(
      (worker) =>
        (lastSeen === 0 || clock.now() - worker.lastActivityAt <= lastSeen * 1000) &&
        (pattern?.test(worker.id) ?? true) &&
        hasTags(worker.tags, request.tags) &&
        hasTags(worker.systemTags, request.system_tags),
    );
  }

  return {
    'workers.register': endpoint(registerRequest, (request, call) => {
      register(request, call.remoteAddress);
      return {};
    }),
    'workers.unregister': endpoint(z.object({ worker: z.string() }), ({ worker }) => {
      store.workers.delete(worker);
      return {};
    }),
    'workers.status_report': endpoint(reportRequest, (request, call) => {
      const nowAt = clock.now();
      const known = livingWorkers(store, nowAt).find((worker) => worker.id === request.worker);
      const worker = known ?? register(registerRequest.parse({ worker: request.worker }), call.remoteAddress);
      const seen: WorkerDocument = {
        ...worker,
        ip: call.remoteAddress,
        tags: request.tags ?? worker.tags,
        systemTags: request.system_tags ?? worker.systemTags,
        lastActivityAt: nowAt,
        queue: request.queue,
        // An empty list does not clear it; only a new registration does.
        queues: request.queues.length > 0 ? request.queues : worker.queues,
      };
      const task = request.task === undefined ? undefined : store.tasks.get(request.task);
      if (request.task !== undefined && task === undefined) {
        store.workers.put(seen);
        throw new ApiError('invalidTaskId', { id: request.task });
      }
      store.workers.put({ ...seen, task: request.task, lastReportAt: nowAt });
      if (task !== undefined) {
        const now = formatInstant(nowAt);
        store.tasks.put({
          ...task,
          last_worker: request.worker,
          last_worker_report: now,
          last_update: now,
          last_change: now,
          last_changed_by: call.caller.user,
        });
      }
      return {};
    }),
    'workers.get_all': (call) => ({ workers: list(call.body, 3600).map((worker) => present(store, worker)) }),
    'workers.get_count': (call) => ({ count: list(call.body, 0).length }),
  };
}

/** `*` and `?` as in file names. */
function parseGlob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

/** `-x` excludes; the others are alternatives. */
function hasTags(tags: readonly string[], wanted: readonly string[]): boolean {
  const excluded = wanted.filter((tag) => tag.startsWith('-')).map((tag) => tag.slice(1));
  const included = wanted.filter((tag) => !tag.startsWith('-'));
  if (excluded.some((tag) => tags.includes(tag))) return false;
  return included.length === 0 || included.some((tag) => tags.includes(tag));
}

function present(store: Store, worker: WorkerDocument): Fields {
  const { user, company } = store.settings();
  const task = worker.task === undefined ? undefined : store.tasks.get(worker.task);
  const project = store.projects.get(task?.project ?? '');
  return {
    id: worker.id,
    key: `worker_${company}_${user}_${worker.id}`,
    user: { id: user, name: USER_NAME },
    company: { id: company, name: 'sandbox' },
    ip: worker.ip,
    task: task === undefined ? undefined : presentTask(task),
    project: project === undefined ? undefined : { id: project.id, name: project.name },
    ...(worker.queue !== undefined && worker.queues.includes(worker.queue)
      ? { queue: presentQueue(store, worker.queue) }
      : {}),
    queues: worker.queues.map((queue) => presentQueue(store, queue)),
    register_time: formatInstant(worker.registeredAt),
    register_timeout: worker.timeoutMs / 1000,
    last_activity_time: formatInstant(worker.lastActivityAt),
    ...(worker.lastReportAt === undefined ? {} : { last_report_time: formatInstant(worker.lastReportAt) }),
    tags: worker.tags,
    system_tags: worker.systemTags,
  };
}

function presentTask({ id, name, active_duration: duration = 0, last_iteration }: TaskDocument): Fields {
  return { id, name, running_time: duration * 1000, last_iteration };
}

function presentQueue(store: Store, id: string): Fields {
  const queue = store.queues.get(id);
  if (queue === undefined) return { id };
  const next = queue.entries[0]?.task;
  return {
    id,
    name: queue.name,
    num_tasks: queue.entries.length,
    next_task: referenceTo(store.tasks, next),
  };
}

/** Workers whose last report is not older than their timeout. */
export function livingWorkers(store: Store, nowAt: number): WorkerDocument[] {
  return store.workers.all().filter((worker) => nowAt - worker.lastActivityAt < worker.timeoutMs);
}

export function isWatched(store: Store, nowAt: number, queue: string): boolean {
  return livingWorkers(store, nowAt).some((worker) => worker.queues.includes(queue));
}
