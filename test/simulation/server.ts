// The simulated ClearML server: the real client and the services of the sandbox, without HTTP.
import type * as z from 'zod';
import type { ClearmlClient } from '../../src/clearml/client.ts';
import {
  InvalidResponseError,
  CredentialsRejectedError,
  LostRaceError,
  ServerRefusedError,
  ServerUnreachableError,
} from '../../src/clearml/errors.ts';
import { createEvents } from '../../src/clearml/console-events.ts';
import type { Body } from '../../src/clearml/connection/api-request.ts';
import { createReportUnreadable } from '../../src/clearml/unreadable-entries.ts';
import { createPeople } from '../../src/clearml/read-users-and-projects.ts';
import { createQueues } from '../../src/clearml/queues.ts';
import type { Session } from '../../src/clearml/connection/session.ts';
import { createTasks } from '../../src/clearml/change-tasks.ts';
import { createWorkers } from '../../src/clearml/workers.ts';
import type { Logger } from '../../src/log/logger.ts';
import { ApiError } from '../../src/sandbox/requests/api-error.ts';
import type { Fields } from '../../src/sandbox/requests/endpoint.ts';
import { createCallCounts, type CallCounts, type Latency } from '../../src/sandbox/requests/call-counts.ts';
import type { QueueDocument, TaskDocument } from '../../src/sandbox/store/documents.ts';
import { firstContent } from '../../src/sandbox/store/initial-content.ts';
import { formatInstant, createSandboxClock } from '../../src/sandbox/store/sandbox-clock.ts';
import { createServices } from '../../src/sandbox/services/all-services.ts';
import { createStore, type Store } from '../../src/sandbox/store/store.ts';
import { runWatchdog } from '../../src/sandbox/tasks/watchdog.ts';
import { silentLog } from '../support/silent-log.ts';
import type { SimulatedClock } from './clock.ts';
import type { PendingCalls } from './pending-calls.ts';

/** The owner of pending steps of the server, which do not end with a daemon. */
const NO_OWNER = 0;

/** Receives every executed call of a daemon. */
export type CallObserver = (call: {
  /** The incarnation of the calling daemon. */
  readonly owner: number;
  readonly endpoint: string;
  /** The body, or the bodies of a batch. */
  readonly lines: readonly Fields[];
  readonly answer: Fields;
  readonly before: TaskDocument | undefined;
}) => void;

export interface Server {
  readonly store: Store;
  readonly counts: CallCounts;
  /** Whether the daemons' tokens have expired and no new ones are granted. */
  refusesTokens: boolean;
  /** Changes the response to a daemon, as a broken or hostile server would. */
  garble: (endpoint: string, answer: Fields, body: Body) => unknown;
  /** Executes a call that does not come from a daemon, without loss. @param gap before its conditional write. @throws ApiError */
  call(endpoint: string, body: Fields, gap?: () => Promise<void>): Promise<Fields>;
  clientOf(owner: number, log?: Logger): ClearmlClient;
  addQueue(id: string, name: string): void;
  /** @param owner by default the user of the content */
  addTask(id: string, name: string, owner?: string): void;
}

/** @param latency counts the calls in `counts`, and lets them take the time of a real server */
export function createServer(
  clock: SimulatedClock,
  calls: PendingCalls,
  witness: CallObserver,
  latency?: Latency,
): Server {
  const content = firstContent(clock.now(), {});
  const store = createStore({ ...content, queues: [] }, undefined);
  const sandboxClock = createSandboxClock(clock.of(0), store, new AbortController().signal);
  const counts = createCallCounts(store, sandboxClock, latency);
  const services = createServices(store, sandboxClock);
  const endpoints = latency === undefined ? services : counts.counted(services);
  const { user, company } = content.settings;

  async function call(endpoint: string, body: Body, gap = () => Promise.resolve()): Promise<Fields> {
    const lines = [body].flat() as readonly Fields[];
    const run = endpoints[endpoint];
    if (run === undefined) throw new ApiError('unknownEndpoint', {}, endpoint);
    runWatchdog(store, clock.now());
    return run({
      body: lines[0] ?? {},
      lines,
      workerHeader: undefined,
      remoteAddress: '127.0.0.1',
      caller: { user, userName: 'user', company },
      gap,
    });
  }

  async function callOfDaemon(owner: number, endpoint: string, body: Body): Promise<Fields> {
    if (server.refusesTokens) throw new CredentialsRejectedError('the token has expired');
    const lines = [body].flat() as readonly Fields[];
    const before = store.tasks.get(String(lines[0]?.['task']));
    // Anything may move between the server's read and conditional write of a queue.
    const gap = (): Promise<void> =>
      calls.request({
        owner: NO_OWNER,
        kind: 'server',
        endpoint: 'gap',
        label: `between read and write of ${endpoint}`,
        effect: () => undefined,
        lost: () => undefined,
      });
    try {
      const answer = await call(endpoint, body, endpoint.startsWith('queues.') ? gap : undefined);
      witness({ owner, endpoint, lines, answer, before });
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const Refusal = [110, 121].includes(error.subcode) && error.code === 400 ? LostRaceError : ServerRefusedError;
      throw new Refusal(error.message, endpoint, error.code, error.subcode);
    }
  }

  function sessionOf(owner: number): Session {
    return {
      apiServer: 'http://api',
      login: () => Promise.reject(new Error('no login in a simulation')),
      async call<Shape extends z.ZodType>(endpoint: string, body: Body, { shape }: { readonly shape: Shape }) {
        const lines = [body].flat() as readonly Fields[];
        const tasks = lines.flatMap(({ task }) => (typeof task === 'string' ? [task] : []));
        const answer = await calls.request<unknown>({
          owner,
          kind: 'clearml',
          endpoint,
          task: tasks[0],
          label: [endpoint, [...new Set(tasks.map(nameOf))].join(', ')].filter((part) => part !== '').join(' of '),
          effect: async () => server.garble(endpoint, await callOfDaemon(owner, endpoint, body), body),
          lost(hasHappened) {
            throw new ServerUnreachableError(`no usable response to ${endpoint}`, hasHappened);
          },
        });
        const read = shape.safeParse(answer);
        if (!read.success)
          throw new InvalidResponseError(`no usable response to ${endpoint}: ${read.error.message}`, true);
        return read.data;
      },
    };
  }

  function nameOf(task: string): string {
    return store.tasks.get(task)?.name ?? `deleted ${task.slice(-1)}`;
  }

  const server: Server = {
    store,
    counts,
    refusesTokens: false,
    garble: (_endpoint, answer) => answer,
    call: (endpoint, body, gap) => call(endpoint, body, gap),
    clientOf(owner, log = silentLog) {
      const session = sessionOf(owner);
      const ownClock = clock.of(owner);
      const reportUnreadable = createReportUnreadable(log, ownClock);
      return {
        queues: createQueues(session, log, reportUnreadable),
        tasks: createTasks(session, reportUnreadable),
        events: createEvents(session, { clock: ownClock, log, reportUnreadable }),
        workers: createWorkers(session, ownClock, reportUnreadable),
        people: createPeople(session),
        connect: () => Promise.reject(new Error('no connection in a simulation')),
        close: () => Promise.resolve(),
      };
    },
    addQueue: (id, name) => store.queues.put(emptyQueue(id, name, company, formatInstant(clock.now()))),
    addTask: (id, name, owner = user) =>
      store.tasks.put(draft(id, name, { user: owner, company }, formatInstant(clock.now()))),
  };
  return server;
}

function emptyQueue(id: string, name: string, company: string, now: string): QueueDocument {
  return { id, name, company, created: now, last_update: now, tags: [], system_tags: [], metadata: {}, entries: [] };
}

function draft(
  id: string,
  name: string,
  { user, company }: { user: string; company: string },
  now: string,
): TaskDocument {
  return {
    id,
    name,
    type: 'training',
    user,
    company,
    status: 'created',
    created: now,
    last_update: now,
    last_change: now,
    last_changed_by: user,
    last_iteration: 0,
    last_metrics: {},
    tags: [],
    system_tags: [],
    script: {},
    container: {},
    execution: {},
    hyperparams: {},
    configuration: {},
    runtime: {},
    models: { input: [], output: [] },
    output: {},
  };
}
