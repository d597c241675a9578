// Our row on ClearML's page of workers: it makes the page show our queues as served, and tells other daemons that we live.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { WorkerRow, Workers } from './client.ts';
import { InvalidResponseError } from './errors.ts';
import { isQueueId } from './ids.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import type { Session } from './session.ts';

const Done = z.unknown();
const Rows = z.object({ workers: z.array(z.unknown()) });

export function createWorkers(session: Session, clock: Clock, tellLeftOut: ReportUnreadable): Workers {
  return {
    async register({ id, queues, tags }, timeoutMs) {
      const body = { worker: id, queues, system_tags: tags, timeout: seconds(timeoutMs) };
      await session.call('workers.register', body, { shape: Done, idempotent: true });
    },

    async report({ id, queues, tags }) {
      // Milliseconds, whatever the endpoint's description says: that is what the agent sends and the server stores.
      const body = { worker: id, queues, system_tags: tags, timestamp: clock.now() };
      await session.call('workers.status_report', body, { shape: Done, idempotent: true });
    },

    async unregister(worker) {
      await session.call('workers.unregister', { worker }, { shape: Done, idempotent: true });
    },

    async find(tag, withinMs) {
      const body = { system_tags: [tag], last_seen: seconds(withinMs) };
      const leftOut: UnreadableEntry[] = [];
      let rows: readonly unknown[] | undefined;
      try {
        rows = (await session.call('workers.get_all', body, { shape: Rows, idempotent: true })).workers;
      } catch (error) {
        // Anybody may register workers, as many and as odd as he likes: who lives is not worth a round.
        if (!(error instanceof InvalidResponseError)) throw error;
        leftOut.push({ place: 'all workers', why: error.message });
      }
      const workers = (rows ?? []).flatMap((row, index) => readWorker(row, index, leftOut) ?? []);
      tellLeftOut('workers.get_all', leftOut);
      return { workers: workers.filter(({ tags }) => tags.includes(tag)), isWhole: leftOut.length === 0 };
    },
  };
}

/** A worker that says little is one all the same. */
function readWorker(row: unknown, index: number, leftOut: UnreadableEntry[]): WorkerRow | undefined {
  const id = readField(row, 'id');
  if (typeof id !== 'string') {
    leftOut.push({ place: `workers[${index}]`, why: `its id is ${describeValue(id)}` });
    return undefined;
  }
  const queues = listOf(row, 'queues').map((queue) => readField(queue, 'id'));
  const tags = listOf(row, 'system_tags');
  return { id, queues: queues.filter(isQueueId), tags: tags.filter((tag) => typeof tag === 'string') };
}

function listOf(row: unknown, name: string): readonly unknown[] {
  const list = readField(row, name);
  return Array.isArray(list) ? list : [];
}

/** The server counts in whole seconds, and takes 0 for no bound at all. */
function seconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
