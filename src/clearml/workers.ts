// Worker registrations and heartbeats, by which the web page shows our queues as served and peers find each other.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { WorkerRow, Workers } from './client.ts';
import { InvalidResponseError } from './errors.ts';
import { isQueueId } from './ids.ts';
import { parseTime } from './parse-time.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import type { Session } from './connection/session.ts';

const Done = z.unknown();
const Rows = z.object({ workers: z.array(z.unknown()) });

export function createWorkers(session: Session, clock: Clock, reportUnreadable: ReportUnreadable): Workers {
  return {
    async register({ id, queues, tags }, timeoutMs) {
      const body = { worker: id, queues, system_tags: tags, timeout: seconds(timeoutMs) };
      await session.call('workers.register', body, { shape: Done, idempotent: true });
    },

    async report({ id, queues, tags }) {
      // Milliseconds, although the endpoint's description says seconds: the agent sends and the server stores them.
      const body = { worker: id, queues, system_tags: tags, timestamp: clock.now() };
      await session.call('workers.status_report', body, { shape: Done, idempotent: true });
    },

    async unregister(worker) {
      await session.call('workers.unregister', { worker }, { shape: Done, idempotent: true });
    },

    async find(wanted, withinMs) {
      const body = { system_tags: wanted, last_seen: seconds(withinMs) };
      const leftOut: UnreadableEntry[] = [];
      let rows: readonly unknown[] | undefined;
      try {
        rows = (await session.call('workers.get_all', body, { shape: Rows, idempotent: true })).workers;
      } catch (error) {
        // Any user may register any number of malformed workers: they must not fail a poll.
        if (!(error instanceof InvalidResponseError)) throw error;
        leftOut.push({ place: 'all workers', why: error.message });
      }
      const workers = (rows ?? []).flatMap((row, index) => parseWorker(row, index, leftOut) ?? []);
      reportUnreadable('workers.get_all', leftOut);
      return {
        workers: workers.filter(({ tags }) => tags.some((tag) => wanted.includes(tag))),
        isWhole: leftOut.length === 0,
      };
    },
  };
}

/** Only the id is required. */
function parseWorker(row: unknown, index: number, leftOut: UnreadableEntry[]): WorkerRow | undefined {
  const id = readField(row, 'id');
  if (typeof id !== 'string') {
    leftOut.push({ place: `workers[${index}]`, why: `its id is ${describeValue(id)}` });
    return undefined;
  }
  const queues = listOf(row, 'queues').map((queue) => readField(queue, 'id'));
  const tags = listOf(row, 'system_tags');
  const heard = readField(row, 'last_activity_time');
  return {
    id,
    queues: queues.filter(isQueueId),
    tags: tags.filter((tag) => typeof tag === 'string'),
    ...(typeof heard === 'string' ? { heardAt: parseTime(heard) } : {}),
  };
}

function listOf(row: unknown, name: string): readonly unknown[] {
  const list = readField(row, name);
  return Array.isArray(list) ? list : [];
}

/** The server counts whole seconds, and 0 means unlimited. */
function seconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
