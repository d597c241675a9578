// Events: console lines, scalars and plots of tasks. Duplicate lines are kept.
import { groupBy } from '../../base/group-by.ts';
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { endpoint, oneTask, type Call, type Fields, type Service } from '../requests/endpoint.ts';
import type { EventDocument } from '../store/documents.ts';
import { addToLastMetrics } from '../tasks/last-metrics.ts';
import { randomId } from '../store/random-id.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import { findTask, touchTask } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';

const EVENT_TYPES = ['log', 'training_stats_scalar', 'training_stats_vector', 'training_debug_image', 'plot'] as const;
/** Tasks in these statuses accept events only with `allow_locked`. */
const LOCKED_STATUSES = ['publishing', 'published'];

const logRequest = oneTask.extend({
  batch_size: z.number().int().positive().default(5000),
  navigate_earlier: z.boolean().default(true),
  from_timestamp: z.number().optional(),
  order: z.enum(['asc', 'desc']).optional(),
});

const eventsRequest = oneTask.extend({
  event_type: z.enum([...EVENT_TYPES, '*']).default('*'),
  batch_size: z.number().int().positive().default(500),
  order: z.enum(['asc', 'desc']).default('asc'),
  scroll_id: z.string().optional(),
});

export function createEventsService(store: Store, clock: SandboxClock): Service {
  function add(call: Call): Fields {
    const complaints = new Map<string, number>();
    const added: EventDocument[] = [];
    for (const line of call.lines) {
      const event = parseEvent(line, call);
      if (typeof event === 'string') {
        complaints.set(event, (complaints.get(event) ?? 0) + 1);
        continue;
      }
      replaceSame(event);
      store.events.add(event);
      added.push(event);
    }
    for (const [id, events] of groupBy(added, ({ task }) => task)) {
      const task = findTask(store, id);
      const iterations = events.map((event) => Number(event['iter'] ?? 0));
      touchTask(store, clock.now(), id, call.caller.user, {
        last_iteration: Math.max(task.last_iteration, ...iterations),
        last_metrics: addToLastMetrics(task.last_metrics, events),
      });
    }
    if (added.length === 0) throw new ApiError('eventsNotAdded', Object.fromEntries(complaints));
    const errors = [...complaints.values()].reduce((sum, count) => sum + count, 0);
    return { added: added.length, errors, errors_info: Object.fromEntries(complaints) };
  }

  /** The event to store, or the error message of the server. */
  function parseEvent(line: Fields, call: Call): EventDocument | string {
    const { allow_locked: allowsLocked, ...fields } = line;
    const { type, task: id } = fields;
    if (typeof type !== 'string') return "Event must have a 'type' field";
    if (!EVENT_TYPES.some((known) => known === type.replaceAll(' ', '_'))) return `Invalid event type ${type}`;
    if (typeof id !== 'string') return "Event must have a 'task' field";
    const task = store.tasks.get(id);
    const isLocked = task !== undefined && LOCKED_STATUSES.includes(task.status) && allowsLocked !== true;
    if (task === undefined || isLocked) return `Invalid task id ${id}`;
    return {
      metric: '',
      variant: '',
      worker: call.workerHeader ?? '<unknown>',
      ...fields,
      type: type.replaceAll(' ', '_'),
      task: id,
      timestamp: typeof fields['timestamp'] === 'number' ? fields['timestamp'] : clock.now(),
      _id: randomId(),
    };
  }

  /** Everything but a log line has a key: a second event with the same key replaces the first. */
  function replaceSame(event: EventDocument): void {
    if (event.type === 'log') return;
    const place = (one: EventDocument): string =>
      JSON.stringify([one.type, one['iter'], one['metric'], one['variant'], one['key']]);
    const taken = place(event);
    store.events.keep(event.task, (one) => place(one) !== taken);
  }

  return {
    'events.add': add,
    'events.add_batch': (call) => {
      if (call.lines.length === 0) throw new ApiError('batchWithoutItems');
      return add(call);
    },
    'events.get_task_log': endpoint(logRequest, (request) => {
      findTask(store, request.task);
      const log = logOf(store, request.task);
      const events = pageOfLog(log, request);
      // The server pages backwards, newest first; `order` reverses the page.
      const isAscending = request.order === undefined ? !request.navigate_earlier : request.order === 'asc';
      return { events: isAscending ? events : events.reverse(), returned: events.length, total: log.length };
    }),
    'events.get_task_events': endpoint(eventsRequest, (request) => {
      findTask(store, request.task);
      return pageOfEvents(store.events.of(request.task), request);
    }),
    'events.clear_task_log': endpoint(oneTask, ({ task }) => {
      findTask(store, task);
      const deleted = logOf(store, task).length;
      store.events.keep(task, (event) => event.type !== 'log');
      return { deleted };
    }),
  };
}

function logOf(store: Store, task: string): EventDocument[] {
  return store.events
    .of(task)
    .filter((event) => event.type === 'log')
    .sort((a, b) => a.timestamp - b.timestamp);
}

/** One page in ascending order; all events of the page's last millisecond are in it, so that none is skipped. */
function pageOfLog(log: readonly EventDocument[], request: z.infer<typeof logRequest>): EventDocument[] {
  const { from_timestamp: from, batch_size: size } = request;
  if (request.navigate_earlier) {
    const earlier = log.filter((event) => from === undefined || event.timestamp < from);
    const edge = earlier.at(-size)?.timestamp ?? -Infinity;
    return earlier.filter((event) => event.timestamp >= edge);
  }
  const later = log.filter((event) => from === undefined || event.timestamp > from);
  const edge = later[size - 1]?.timestamp ?? Infinity;
  return later.filter((event) => event.timestamp <= edge);
}

/**
 * One page by iteration; all events of its last iteration are in it. The real server signs its scroll ids.
 * @throws ApiError 500 for events without an iteration, such as console lines
 */
function pageOfEvents(all: readonly EventDocument[], request: z.infer<typeof eventsRequest>): Fields {
  const { event_type: type, batch_size: size, order, scroll_id: scroll = 'from' } = request;
  const sign = order === 'asc' ? 1 : -1;
  const place = (event: EventDocument): number => sign * Number(event['iter'] ?? 0);
  const wanted = all.filter((event) => type === '*' || event.type === type).sort((a, b) => place(a) - place(b));
  const [, after] = /^from(?: after (-?\d+))?$/.exec(scroll) ?? invalidScroll(scroll);
  const rest = after === undefined ? wanted : wanted.filter((event) => place(event) > Number(after));
  const edge = rest.slice(0, size).map(place).at(-1);
  const events = rest.filter((event) => edge !== undefined && place(event) <= edge);
  if (events.some((event) => event['iter'] === undefined)) throw new ApiError('internal', {}, "'iter'");
  const next = edge === undefined ? scroll : `from after ${edge}`;
  return { events, returned: events.length, total: wanted.length, scroll_id: next };
}

function invalidScroll(id: string): never {
  throw new ApiError('invalidScrollId', { scroll_id: id });
}
