// Appends lines to a task's console in order, and reads the console.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { ConsoleEvent, ConsoleLine, Events } from './client.ts';
import type { TaskId } from './ids.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';

const ConsolePage = z.object({ events: z.array(z.unknown()) });
/** The response only counts the lines taken; a malformed one does not mean that they were not sent. */
const Added = z.object({ errors: z.number().catch(0) }).catch({ errors: 0 });

/** The agent's limits: no event above 64 KiB, no request above 1 MiB. */
const EVENT_BYTES = 64 * 1024;
const EVENTS_PER_CALL = 16;
const EVENTS_PER_PAGE = 500;

/** Lines of one task for one call, which may carry those of other tasks too. */
interface Batch {
  readonly task: TaskId;
  readonly events: readonly object[];
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}

interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly reportUnreadable: ReportUnreadable;
}

export function createEvents(session: Session, { clock, log, reportUnreadable }: Deps): Events {
  let lastAt = 0;

  /** A millisecond is never used twice: the server does not order lines of the same one. */
  function nextTime(): number {
    lastAt = Math.max(clock.now(), lastAt + 1);
    return lastAt;
  }

  /** The readable events of a page, and the length of the page. */
  async function readPage(task: TaskId, more: object): Promise<{ events: ConsoleEvent[]; length: number }> {
    const body = { task, order: 'asc', ...more };
    const { events: rows } = await session.call('events.get_task_log', body, { shape: ConsolePage, idempotent: true });
    const leftOut: UnreadableEntry[] = [];
    const events = rows.flatMap((row, index) => readEvent(row, index, leftOut) ?? []);
    reportUnreadable('events.get_task_log', leftOut);
    return { events, length: rows.length };
  }

  // Lines added during a call share the next one, which costs the server no more than a single line.
  let waiting: Batch[] = [];
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batches = waiting.slice(0, countThatFit(waiting));
      waiting = waiting.slice(batches.length);
      try {
        await add(batches);
        for (const { sent } of batches) sent();
      } catch (error) {
        for (const { failed } of batches) failed(error);
      }
    }
    sending = undefined;
  }

  /** Published and deleted tasks take no lines. That is not a failure of the caller: lines only inform users. */
  async function add(batches: readonly Batch[]): Promise<void> {
    const tasks = [...new Set(batches.map(({ task }) => task))].join(',');
    const lines = batches.flatMap(({ events }) => events);
    try {
      const { errors } = await session.call('events.add_batch', lines, { shape: Added, idempotent: false });
      if (errors > 0) log.debug('ClearML refused some console lines', { task: tasks, errors });
    } catch (error) {
      if (!isRefusal(error, 'eventsNotAdded')) throw error;
      log.debug('ClearML refused the console lines of this task', { task: tasks, lines: lines.length });
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
        // The server puts all lines of a page's last millisecond on that page.
        const { events, length } = await readPage(task, {
          navigate_earlier: false,
          from_timestamp: after,
          batch_size: EVENTS_PER_PAGE,
        });
        all.push(...events);
        const last = events.at(-1)?.at ?? after;
        // A full page that ends no later than the previous one is the last.
        if (length < EVENTS_PER_PAGE || !(last > after)) return all;
        after = last;
      }
    },

    async log(task, worker, lines) {
      const events = lines.flatMap(({ level, text }: ConsoleLine) =>
        splitText(text, EVENT_BYTES).map((msg) => ({ type: 'log', task, worker, level, msg, timestamp: nextTime() })),
      );
      for (let start = 0; start < events.length; start += EVENTS_PER_CALL)
        await send(task, events.slice(start, start + EVENTS_PER_CALL));
    },
  };
}

/** How many batches, from the first, fit one call. */
function countThatFit(batches: readonly Batch[]): number {
  let events = 0;
  const tooMany = batches.findIndex((batch) => (events += batch.events.length) > EVENTS_PER_CALL);
  return tooMany === -1 ? batches.length : Math.max(1, tooMany);
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

/** Pieces of at most `maxBytes` (UTF-8), split after a newline if there is one, never inside a character. */
export function splitText(text: string, maxBytes: number): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return [text];
  const pieces: string[] = [];
  let start = 0;
  while (bytes.length - start > maxBytes) {
    const end = findCut(bytes, start, start + maxBytes);
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  pieces.push(bytes.toString('utf8', start));
  return pieces;
}

const NEWLINE = 0x0a;

function findCut(bytes: Buffer, start: number, limit: number): number {
  const newline = bytes.lastIndexOf(NEWLINE, limit - 1);
  if (newline >= start) return newline + 1;
  let end = limit;
  while (end > start + 1 && isInsideCharacter(bytes[end])) end -= 1;
  return end;
}

/** Continuation bytes of UTF-8 are 10xxxxxx. */
function isInsideCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
