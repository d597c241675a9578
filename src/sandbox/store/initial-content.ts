// The content of a new sandbox: one user with one key pair, and the queue `default`, as on a new server.
import type { Snapshot } from './documents.ts';
import { formatInstant } from './sandbox-clock.ts';
import { randomId, randomKey } from './random-id.ts';

export interface KeyPair {
  readonly accessKey: string;
  readonly secretKey: string;
}

const THIRTY_DAYS_SECONDS = 2_592_000;

export function firstContent(nowAt: number, keys: Partial<KeyPair>): Snapshot {
  const company = randomId();
  const now = formatInstant(nowAt);
  return {
    settings: {
      accessKey: keys.accessKey ?? randomKey(20).toUpperCase(),
      secretKey: keys.secretKey ?? randomKey(48),
      signingKey: randomKey(48),
      user: randomId(),
      others: [],
      company,
      clockOffsetMs: 0,
      tokenGeneration: 1,
      tokenLifeSeconds: THIRTY_DAYS_SECONDS,
      watchdogAt: nowAt,
    },
    tasks: [],
    queues: [
      {
        id: randomId(),
        name: 'default',
        company,
        created: now,
        last_update: now,
        tags: [],
        system_tags: ['default'],
        metadata: {},
        entries: [],
      },
    ],
    projects: [],
    models: [],
    workers: [],
    events: [],
  };
}
