// Our row on ClearML's page of workers: it is what makes the page show our queues as served.
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Workers } from './client.ts';
import type { Session } from './session.ts';

const Done = z.unknown();

export function createWorkers(session: Session, clock: Clock): Workers {
  return {
    async register(worker, queues, timeoutMs) {
      const body = { worker, queues, timeout: Math.max(1, Math.round(timeoutMs / 1000)) };
      await session.call('workers.register', body, { shape: Done, idempotent: true });
    },

    async report(worker, queues) {
      // Milliseconds, whatever the endpoint's description says: that is what the agent sends and the server stores.
      const body = { worker, queues, timestamp: clock.now() };
      await session.call('workers.status_report', body, { shape: Done, idempotent: true });
    },

    async unregister(worker) {
      await session.call('workers.unregister', { worker }, { shape: Done, idempotent: true });
    },
  };
}
