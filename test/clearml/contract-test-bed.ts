// Where the parts of the contract suite play: a client, a user's calls, and things of their own on the server.
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/base/clock.ts';
import type { ClearmlClient } from '../../src/clearml/client.ts';
import { createClearmlClient } from '../../src/clearml/create-client.ts';
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import { createSecrets } from '../../src/log/redact-secrets.ts';
import { createRawCalls, type Access, type RawCalls } from './raw-calls.ts';

/** What the parts of the suite work with. */
export interface ContractTestBed {
  readonly client: ClearmlClient;
  readonly raw: RawCalls;
  readonly access: Access;
  /** A name that nothing else on the server has. */
  readonly uniqueName: () => string;
  /** An empty queue, removed at the end. */
  readonly newQueue: () => Promise<QueueId>;
  /** A task in this queue. */
  readonly newTaskIn: (queue: QueueId) => Promise<TaskId>;
  /** Removes what was made. */
  readonly close: () => Promise<void>;
}

export function openContractTestBed(access: Access): ContractTestBed {
  const prefix = `contract ${randomUUID()}`;
  const raw = createRawCalls(access, prefix);
  const client = createContractClient(access);
  const made: QueueId[] = [];
  let names = 0;

  const uniqueName = (): string => {
    names += 1;
    return `${prefix} ${names}`;
  };
  return {
    client,
    raw,
    access,
    uniqueName,
    async newQueue() {
      const { id } = await client.queues.create(uniqueName());
      made.push(id);
      return id;
    },
    async newTaskIn(queue) {
      const task = await raw.createTask();
      await raw.enqueue(task, queue);
      return task;
    },
    async close() {
      await raw.cleanUp(made);
      await client.close();
    },
  };
}

/** A client with nothing changed but where the server is. */
export function createContractClient({ url, accessKey, secretKey }: Access): ClearmlClient {
  const ignore = (): void => undefined;
  return createClearmlClient({
    settings: { apiServer: url, accessKey, secretKey, verifyCertificate: true },
    clock: systemClock,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    secrets: createSecrets(),
  });
}
