// Writes lines into a task's console, in order, and reads what stands there.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { ConsoleEvent, ConsoleLine, Events } from './client.ts';
import { splitText } from './console-text.ts';
import type { TaskId } from './ids.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';

const ConsolePage = z.object({ events: z.array(z.unknown()) });
/** It only says how many lines were taken: whatever else stands there, they were sent. */
const Added = z.object({ errors: z.number().catch(0) }).catch({ errors: 0 });

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

interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly tellLeftOut: ReportUnreadable;
}

export function createEvents(session: Session, { clock, log, tellLeftOut }: Deps): Events {
  let lastAt = 0;

  /** Never the same millisecond twice: lines of one millisecond have no order on the server. */
  function nextTime(): number {
    lastAt = Math.max(clock.now(), lastAt + 1);
    return lastAt;
  }

  /** As they came, and how many that were: one that can't be read is left out. */
  async function readPage(task: TaskId, more: object): Promise<{ events: ConsoleEvent[]; length: number }> {
    const body = { task, order: 'asc', ...more };
    const { events: rows } = await session.call('events.get_task_log', body, { shape: ConsolePage, idempotent: true });
    const leftOut: UnreadableEntry[] = [];
    const events = rows.flatMap((row, index) => readEvent(row, index, leftOut) ?? []);
    tellLeftOut('events.get_task_log', leftOut);
    return { events, length: rows.length };
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
      if ('last' in which) return (await readPage(task, { navigate_earlier: true, batch_size: which.last })).events;
      const all: ConsoleEvent[] = [];
      for (let after = which.after; ;) {
        // All lines of a page's last moment are on that page.
        const { events, length } = await readPage(task, {
          navigate_earlier: false,
          from_timestamp: after,
          batch_size: EVENTS_A_PAGE,
        });
        all.push(...events);
        const last = events.at(-1)?.at ?? after;
        // A full page that is no later than the one before has none behind it.
        if (length < EVENTS_A_PAGE || !(last > after)) return all;
        after = last;
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

function readEvent(row: unknown, index: number, leftOut: UnreadableEntry[]): ConsoleEvent | undefined {
  const at = readField(row, 'timestamp');
  if (typeof at !== 'number') {
    leftOut.push({ place: `events[${index}]`, why: `its timestamp is ${describeValue(at)}` });
    return undefined;
  }
  return { at, worker: textOf(row, 'worker'), text: textOf(row, 'msg') };
}

function textOf(row: unknown, name: string): string {
  const text = readField(row, name);
  return typeof text === 'string' ? text : '';
}
