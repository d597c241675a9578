// Writes lines into a task's console, in order, and reads what stands there.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { ConsoleEvent, ConsoleLine, Events } from './client.ts';
import { splitText } from './console-text.ts';
import type { TaskId } from './ids.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';

const EventRow = z
  .object({ timestamp: z.number(), worker: z.string().catch(''), msg: z.string().catch('') })
  .transform(({ timestamp, worker, msg }): ConsoleEvent => ({ at: timestamp, worker, text: msg }));
const ConsolePage = z.object({ events: z.array(EventRow) });
const Added = z.object({ added: z.number(), errors: z.number().catch(0) });

/** As the agent packs them: no event above 64 KiB, no request above 1 MiB. */
const EVENT_BYTES = 64 * 1024;
const EVENTS_A_CALL = 16;
const EVENTS_A_PAGE = 500;

/** Lines of one task that go out in one call, maybe with those of others. */
interface Parcel {
  readonly task: TaskId;
  readonly events: readonly object[];
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}

export function createEvents(session: Session, { clock, log }: { clock: Clock; log: Logger }): Events {
  let lastAt = 0;

  /** Never the same millisecond twice: lines of one millisecond have no order on the server. */
  function nextTime(): number {
    lastAt = Math.max(clock.now(), lastAt + 1);
    return lastAt;
  }

  async function readPage(task: TaskId, more: object): Promise<ConsoleEvent[]> {
    const body = { task, order: 'asc', ...more };
    return (await session.call('events.get_task_log', body, { shape: ConsolePage, idempotent: true })).events;
  }

  // Lines that come while a call is under way share the next one: it takes the server as long as a single line.
  let waiting: Parcel[] = [];
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const parcels = waiting.slice(0, countThatFit(waiting));
      waiting = waiting.slice(parcels.length);
      try {
        await add(parcels);
        for (const { sent } of parcels) sent();
      } catch (error) {
        for (const { failed } of parcels) failed(error);
      }
    }
    sending = undefined;
  }

  /** Published and deleted tasks take no lines. They are for people to read, so that is no failure of the caller's. */
  async function add(parcels: readonly Parcel[]): Promise<void> {
    const tasks = [...new Set(parcels.map(({ task }) => task))].join(',');
    const batch = parcels.flatMap(({ events }) => events);
    try {
      const { errors } = await session.call('events.add_batch', batch, { shape: Added, idempotent: false });
      if (errors > 0) log.debug('ClearML did not take all console lines', { task: tasks, errors });
    } catch (error) {
      if (!isRefusal(error, 'eventsNotAdded')) throw error;
      log.debug('ClearML took no console lines for this task', { task: tasks, lines: batch.length });
    }
  }

  function send(task: TaskId, events: readonly object[]): Promise<void> {
    return new Promise((sent, failed) => {
      waiting.push({ task, events, sent, failed });
      sending ??= sendAll();
    });
  }

  return {
    async read(task, which) {
      if ('last' in which) return readPage(task, { navigate_earlier: true, batch_size: which.last });
      const events: ConsoleEvent[] = [];
      for (let after = which.after; ; after = events.at(-1)?.at ?? after) {
        // All lines of a page's last moment are on that page.
        const page = await readPage(task, {
          navigate_earlier: false,
          from_timestamp: after,
          batch_size: EVENTS_A_PAGE,
        });
        events.push(...page);
        if (page.length < EVENTS_A_PAGE) return events;
      }
    },

    async log(task, worker, lines) {
      const events = lines.flatMap(({ level, text }: ConsoleLine) =>
        splitText(text, EVENT_BYTES).map((msg) => ({ type: 'log', task, worker, level, msg, timestamp: nextTime() })),
      );
      for (let start = 0; start < events.length; start += EVENTS_A_CALL)
        await send(task, events.slice(start, start + EVENTS_A_CALL));
    },
  };
}

/** How many of these, in their order, go out in one call. */
function countThatFit(parcels: readonly Parcel[]): number {
  let events = 0;
  const tooMany = parcels.findIndex((parcel) => (events += parcel.events.length) > EVENTS_A_CALL);
  return tooMany === -1 ? parcels.length : Math.max(1, tooMany);
}
