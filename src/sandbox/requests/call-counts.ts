// Counts the calls by endpoint, and makes them take the time of a real server if that is wanted.
import { textTable } from '../../base/text-table.ts';
import { measureWork, type Work } from './call-costs.ts';
import type { Endpoint, Fields, Service } from './endpoint.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';

/** `real` makes calls take the time of a real server, one after the other. */
export type Latency = 'real';

export interface CallCount extends Work {
  readonly endpoint: string;
  /** Refused calls included. */
  readonly calls: number;
  /** Of the responses, before compression. */
  readonly bytes: number;
}

export interface CallCounts {
  /** The same endpoints, whose calls are counted. */
  counted(services: Service): Service;
  addBytes(endpoint: string, bytes: number): void;
  /** The endpoint with the most server time first. */
  all(): CallCount[];
  clear(): void;
}

export function createCallCounts(
  store: Store,
  clock: Pick<SandboxClock, 'now' | 'sleep'>,
  latency?: Latency,
): CallCounts {
  const counts = new Map<string, CallCount>();
  /** When the server's only process has finished the calls so far. */
  let freeAt = 0;

  function add(endpoint: string, more: Partial<CallCount>): void {
    counts.set(endpoint, sumOf(counts.get(endpoint) ?? none(endpoint), { ...none(endpoint), ...more }));
  }

  async function take(serverMs: number, arrivedAt: number): Promise<void> {
    if (latency === undefined) return;
    freeAt = Math.max(freeAt, arrivedAt) + serverMs;
    const leftMs = freeAt - clock.now();
    if (leftMs > 0) await clock.sleep(Math.ceil(leftMs));
  }

  function countedEndpoint(endpoint: string, run: Endpoint): Endpoint {
    return async (call) => {
      const arrivedAt = clock.now();
      const finish = measureWork(store, endpoint, call.lines);
      let data: Fields = {};
      try {
        data = await run(call);
        return data;
      } finally {
        const work = finish(data);
        add(endpoint, { calls: 1, ...work });
        await take(work.serverMs, arrivedAt);
      }
    };
  }

  return {
    counted: (services) =>
      Object.fromEntries(Object.entries(services).map(([name, run]) => [name, countedEndpoint(name, run)])),
    addBytes: (endpoint, bytes) => {
      if (counts.has(endpoint)) add(endpoint, { bytes });
    },
    all: () => [...counts.values()].sort((a, b) => b.serverMs - a.serverMs),
    clear: () => counts.clear(),
  };
}

/** The sums over all endpoints. */
export function totalOf(counts: readonly CallCount[]): CallCount {
  return counts.reduce(sumOf, none('total'));
}

function sumOf(one: CallCount, other: CallCount): CallCount {
  return {
    endpoint: one.endpoint,
    calls: one.calls + other.calls,
    documents: one.documents + other.documents,
    entries: one.entries + other.entries,
    bytes: one.bytes + other.bytes,
    serverMs: one.serverMs + other.serverMs,
  };
}

function none(endpoint: string): CallCount {
  return { endpoint, calls: 0, documents: 0, entries: 0, bytes: 0, serverMs: 0 };
}

const COLUMNS = ['CALL', 'CALLS', 'DOCUMENTS', 'QUEUE ENTRIES', 'BYTES', 'SERVER TIME'];

/** A table for users; `SERVER TIME` is an estimate for a real server. */
export function formatCallCounts(counts: readonly CallCount[]): string {
  const row = ({ endpoint, calls, documents, entries, bytes, serverMs }: CallCount): string[] => [
    endpoint,
    ...[calls, documents, entries, bytes].map((count) => count.toLocaleString('en-US')),
    `${(serverMs / 1000).toFixed(2)} s`,
  ];
  return textTable(COLUMNS, [...counts, totalOf(counts)].map(row));
}
