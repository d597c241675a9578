// Writes lines into a task's console, in order.
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import type { ConsoleLine, Events } from './client.ts';
import { splitText } from './console-text.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';

const Added = z.object({ added: z.number(), errors: z.number().catch(0) });

/** As the agent packs them: no event above 64 KiB, no request above 1 MiB. */
const EVENT_BYTES = 64 * 1024;
const EVENTS_A_CALL = 16;

export function createEvents(session: Session, { clock, log }: { clock: Clock; log: Logger }): Events {
  let lastAt = 0;

  /** Never the same millisecond twice: lines of one millisecond have no order on the server. */
  function nextTime(): number {
    lastAt = Math.max(clock.now(), lastAt + 1);
    return lastAt;
  }

  return {
    async log(task, worker, lines) {
      const events = lines.flatMap(({ level, text }: ConsoleLine) =>
        splitText(text, EVENT_BYTES).map((msg) => ({ type: 'log', task, worker, level, msg, timestamp: nextTime() })),
      );
      for (let start = 0; start < events.length; start += EVENTS_A_CALL) {
        const batch = events.slice(start, start + EVENTS_A_CALL);
        try {
          const { errors } = await session.call('events.add_batch', batch, { shape: Added, idempotent: false });
          if (errors > 0) log.debug('ClearML did not take all console lines', { task, errors });
        } catch (error) {
          // A published or deleted task takes no lines. They are for people to read, so that is no failure of the caller's.
          if (!isRefusal(error, 'eventsNotAdded')) throw error;
          log.debug('ClearML took no console lines for this task', { task, lines: lines.length });
          return;
        }
      }
    },
  };
}
