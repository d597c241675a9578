// Our row on ClearML's page of workers: it makes the page show our queues as served, and tells other daemons that we live.
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { WorkerRow, Workers } from './client.ts';
import { QueueIdShape } from './ids.ts';
import type { Session } from './session.ts';

const Done = z.unknown();

const Row = z
  .object({
    id: z.string(),
    queues: z.array(z.object({ id: QueueIdShape })).nullish(),
    system_tags: z.array(z.string()).nullish(),
  })
  .transform(({ id, queues, system_tags }): WorkerRow => ({
    id,
    queues: (queues ?? []).map((queue) => queue.id),
    tags: system_tags ?? [],
  }));

const Rows = z.object({ workers: z.array(Row) });

export function createWorkers(session: Session, clock: Clock): Workers {
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
      const { workers } = await session.call('workers.get_all', body, { shape: Rows, idempotent: true });
      return workers.filter(({ tags }) => tags.includes(tag));
    },
  };
}

/** The server counts in whole seconds, and takes 0 for no bound at all. */
function seconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
