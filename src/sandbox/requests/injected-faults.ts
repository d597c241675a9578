// Injected faults for tests of clients: requested by a call, consumed by the following calls.
import * as z from 'zod';
import { parseRequest, type Fields } from './endpoint.ts';

/**
 * `drop-before` closes the connection before the call has an effect, `drop-after` after it, without a response.
 * `status` returns an HTTP error with an HTML page, as a proxy does; the call has no effect.
 * `delay` responds `delayMs` after the effect. `hold` waits between read and write until
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
  /** @throws ApiError 400/12 if the request is invalid */
  order(body: Fields): void;
  clear(): void;
  /** Waits for `release`; rejects when the sandbox closes. */
  hold(): Promise<void>;
  /** Releases all held calls. */
  release(): void;
  /** The number of calls that will still fail, and of those that are held. */
  counts(): { readonly waiting: number; readonly held: number };
  /** Consumes the fault for this call, if any; the oldest first. */
  take(endpoint: string): Fault | undefined;
}

export function createFaults(closing: AbortSignal): Faults {
  const releases = new Set<() => void>();
  let waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    order: (body) => {
      const fault = parseRequest(faultOrder, body);
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
