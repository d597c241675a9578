// Failures on demand, so that a client's behavior under them can be seen: ordered by a call, used up by the next calls.
import * as z from 'zod';
import { readRequest, type Fields } from './call.ts';

/**
 * `drop-before`: the connection is closed and nothing is done. `drop-after`: it is done, and the connection closed
 * without an answer. `status`: an HTTP error with a page of HTML, as a proxy sends it; nothing is done.
 * `delay`: it is done, and answered `delayMs` later. `hold`: it waits between its reading and its writing until
 * `sandbox.release`, so that another call can overtake it.
 */
const FAULT_KINDS = ['drop-before', 'drop-after', 'status', 'delay', 'hold'] as const;

const faultOrder = z.object({
  /** `service.action`, or `*` for every endpoint. */
  endpoint: z.string(),
  kind: z.enum(FAULT_KINDS),
  status: z.number().int().min(400).max(599).default(503),
  times: z.number().int().positive().default(1),
  delayMs: z.number().nonnegative().default(0),
});

export type Fault = Readonly<z.infer<typeof faultOrder>>;

export interface Faults {
  /** @throws ApiError 400/12 when the order is no order */
  order(body: Fields): void;
  clear(): void;
  /** Waits for `release`; rejects when the sandbox closes. */
  hold(): Promise<void>;
  /** Lets all calls go on that are held. */
  release(): void;
  /** How many calls are still to fail, and how many are held now. */
  counts(): { readonly waiting: number; readonly held: number };
  /** The fault this call must suffer, if any; it is used up by that. The earliest order comes first. */
  take(endpoint: string): Fault | undefined;
}

export function createFaults(closing: AbortSignal): Faults {
  const releases = new Set<() => void>();
  let waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    order: (body) => {
      const fault = readRequest(faultOrder, body);
      waiting.push({ fault, left: fault.times });
    },
    clear: () => {
      waiting = [];
    },
    hold: async () => {
      await new Promise<void>((resolve, reject) => {
        const giveUp = (): void => reject(new Error('the sandbox is closing'));
        const release = (): void => {
          releases.delete(release);
          closing.removeEventListener('abort', giveUp);
          resolve();
        };
        releases.add(release);
        closing.addEventListener('abort', giveUp, { once: true });
      });
    },
    release: () => {
      for (const release of releases) release();
    },
    counts: () => ({ waiting: waiting.reduce((sum, { left }) => sum + left, 0), held: releases.size }),
    take: (endpoint) => {
      const found = waiting.find(({ fault }) => fault.endpoint === endpoint || fault.endpoint === '*');
      if (found === undefined) return undefined;
      found.left -= 1;
      waiting = waiting.filter(({ left }) => left > 0);
      return found.fault;
    },
  };
}
