// Appends lines to the consoles of tasks in order, many in one call, and reads a console.
import { groupBy } from '../base/group-by.ts';
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { isContinuation } from '../base/truncate-text.ts';
import type { Logger } from '../log/logger.ts';
import type { ConsoleEvent, ConsoleLine, Events } from './client.ts';
import { isRefusal, NotTheApiError, ServerRefusedError } from './errors.ts';
import type { TaskId } from './ids.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import type { Session } from './connection/session.ts';

const ConsolePage = z.object({ events: z.array(z.unknown()) });
/** The response only counts the lines taken; a malformed one does not mean that they were not sent. */
const Added = z.object({ errors: z.number().catch(0) }).catch({ errors: 0 });

/** The agent's limits: no event above 64 KiB, no request above 1 MiB. */
const EVENT_BYTES = 64 * 1024;
const CALL_BYTES = 1024 * 1024;
const EVENTS_PER_CALL = 100;
const EVENTS_PER_PAGE = 500;

/** Lines that may wait for those of other tasks wait no longer. */
const MAX_DEFERRED_MS = 1_000;

interface LogEvent {
  readonly type: 'log';
  readonly task: TaskId;
  readonly worker: string;
  readonly level: ConsoleLine['level'];
  readonly msg: string;
  readonly timestamp: number;
}

/** Lines of one task for one call, which may carry those of other tasks too. */
interface Batch {
  readonly task: TaskId;
  readonly events: readonly LogEvent[];
  readonly sent: () => void;
  readonly failed: (error: unknown) => void;
}

interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly reportUnreadable: ReportUnreadable;
  /** Aborted when the client is closed: deferred lines no longer wait. */
  readonly signal?: AbortSignal;
}

export function createEvents(session: Session, { clock, log, reportUnreadable, signal }: Deps): Events {
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
    const events = rows.flatMap((row, index) => parseEvent(row, index, leftOut) ?? []);
    reportUnreadable('events.get_task_log', leftOut);
    return { events, length: rows.length };
  }

  // Lines added during a call share the next one, which costs the server little more than a single line.
  let waiting: Batch[] = [];
  let sending: Promise<void> | undefined;
  let isFlushDue = false;

  async function sendAll(): Promise<void> {
    // The lines that other tasks add in the same turn share the first call.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batches = waiting.slice(0, countThatFit(waiting));
      waiting = waiting.slice(batches.length);
      await send(batches);
    }
    sending = undefined;
  }

  async function send(batches: readonly Batch[]): Promise<void> {
    try {
      await add(batches);
      for (const { sent } of batches) sent();
    } catch (error) {
      const parts = groupBy(batches, ({ task }) => task);
      // Refused as a whole, so nothing was added: the lines of one task must not cost the others theirs.
      if (parts.size > 1 && isRefusedWhole(error)) for (const part of parts.values()) await send(part);
      else for (const { failed } of batches) failed(error);
    }
  }

  /**
   * The server adds the lines that it can, and only counts those of published and deleted tasks. That is not a failure of the caller:
   * lines only inform users. https://github.com/clearml/clearml-server/blob/master/apiserver/bll/event/event_bll.py (add_events)
   */
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

  function flush(): Promise<void> {
    if (waiting.length > 0) sending ??= sendAll();
    return sending ?? Promise.resolve();
  }

  function flushSoon(): void {
    if (isFlushDue) return;
    isFlushDue = true;
    const end = (): void => {
      isFlushDue = false;
    };
    void clock.sleep(MAX_DEFERRED_MS, signal).then(() => {
      end();
      void flush();
    }, end);
  }

  async function addLines(
    task: TaskId,
    worker: string,
    lines: readonly ConsoleLine[],
    { isDeferred }: { readonly isDeferred: boolean },
  ): Promise<void> {
    const events = lines.flatMap(({ level, text }) =>
      splitText(text, EVENT_BYTES).map((msg) => ({
        type: 'log' as const,
        task,
        worker,
        level,
        msg,
        timestamp: nextTime(),
      })),
    );
    for (let start = 0; start < events.length;) {
      const part = events.slice(start, start + countEvents(events.slice(start)));
      start += part.length;
      await new Promise<void>((sent, failed) => {
        waiting.push({ task, events: part, sent, failed });
        if (isDeferred && countThatFit(waiting) === waiting.length) flushSoon();
        else void flush();
      });
    }
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
        for (const event of events) all.push(event);
        const last = events.at(-1)?.at ?? after;
        // A full page that ends no later than the previous one is the last.
        if (length < EVENTS_PER_PAGE || !(last > after)) return all;
        after = last;
      }
    },

    log: (task, worker, lines) => addLines(task, worker, lines, { isDeferred: false }),
    logLater: (task, worker, lines) => addLines(task, worker, lines, { isDeferred: true }),
    flush,
  };
}

/** How many events, from the first, fit one call; at least one. */
function countEvents(events: readonly LogEvent[]): number {
  let bytes = 0;
  const tooMany = events.findIndex(
    ({ msg }, index) => index >= EVENTS_PER_CALL || (bytes += Buffer.byteLength(msg)) > CALL_BYTES,
  );
  return tooMany === -1 ? events.length : Math.max(1, tooMany);
}

/** How many batches, from the first, fit one call; at least one. */
function countThatFit(batches: readonly Batch[]): number {
  let left = countEvents(batches.flatMap(({ events }) => events));
  const tooMany = batches.findIndex(({ events }) => (left -= events.length) < 0);
  return tooMany === -1 ? batches.length : Math.max(1, tooMany);
}

/** Whether the server or a proxy refused the call before anything was added. */
function isRefusedWhole(error: unknown): boolean {
  return error instanceof ServerRefusedError || (error instanceof NotTheApiError && !error.mayHaveHappened);
}

function parseEvent(row: unknown, index: number, leftOut: UnreadableEntry[]): ConsoleEvent | undefined {
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
  while (end > start + 1 && isContinuation(bytes[end])) end -= 1;
  return end;
}
