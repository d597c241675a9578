// A sandbox for one test, and the calls on it as its tests write them.
import * as z from 'zod';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/server.ts';

const Envelope = z.object({
  meta: z.looseObject({ result_code: z.number(), result_subcode: z.number(), result_msg: z.string() }),
  data: z.record(z.string(), z.unknown()),
});
const Task = z.looseObject({
  id: z.string(),
  status: z.string(),
  execution: z.looseObject({ queue: z.string().optional() }),
});
const Queue = z.looseObject({
  id: z.string(),
  name: z.string(),
  entries: z.array(z.looseObject({ task: z.string() })),
});

type Fields = Record<string, unknown>;

export interface Answer {
  /** `code/subcode`, as people write it. */
  readonly result: string;
  readonly message: string;
  readonly data: Fields;
}

export interface OpenSandbox extends Sandbox {
  /** Whatever it answers. */
  call(endpoint: string, body?: Fields): Promise<Answer>;
  /** A call with several objects, as JSON lines. */
  batch(endpoint: string, lines: readonly Fields[]): Promise<Answer>;
  /** The data of a call that must succeed. */
  ok(endpoint: string, body?: Fields): Promise<Fields>;
  /** The call, held between its reading and its writing until `sandbox.release`. */
  held(endpoint: string, body: Fields): Promise<{ readonly answer: Promise<Answer> }>;
  /** A new draft. */
  makeTask(fields?: Fields): Promise<string>;
  /** A new task that was enqueued. */
  makeQueued(queue: string): Promise<string>;
  makeQueue(name: string): Promise<string>;
  task(id: string): Promise<z.infer<typeof Task>>;
  /** Of the task: its status, or its absence. */
  statusOf(id: string): Promise<string>;
  /** The tasks in the queue, the next one first. */
  entriesOf(queue: string): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SandboxOptions {
  readonly clock?: Clock;
  readonly stateFile?: string;
}

export async function openSandbox(options: SandboxOptions = {}): Promise<OpenSandbox> {
  const sandbox = await createSandbox({ port: 0, clock: systemClock, ...options });
  return { ...sandbox, ...callsOn(sandbox), [Symbol.asyncDispose]: () => sandbox.close() };
}

export type Calls = Omit<OpenSandbox, keyof Sandbox | typeof Symbol.asyncDispose>;

export function callsOn(access: {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}): Calls {
  const authorization = basicAuthorization(access.accessKey, access.secretKey);

  async function call(endpoint: string, body: Fields = {}): Promise<Answer> {
    const reply = await fetch(`${access.url}/${endpoint}`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify(body),
    });
    return readResult(await reply.text());
  }

  async function batch(endpoint: string, lines: readonly Fields[]): Promise<Answer> {
    const headers = { authorization, 'content-type': 'application/json-lines' };
    const body = lines.map((line) => JSON.stringify(line)).join('\n');
    const reply = await fetch(`${access.url}/${endpoint}`, { method: 'POST', headers, body });
    return readResult(await reply.text());
  }

  async function ok(endpoint: string, body: Fields = {}): Promise<Fields> {
    const answer = await call(endpoint, body);
    if (answer.result !== '200/0') throw new Error(`${endpoint}: ${answer.result} ${answer.message}`);
    return answer.data;
  }

  const makeTask = async (fields: Fields = {}): Promise<string> =>
    readId(await ok('tasks.create', { name: 'a task', type: 'testing', ...fields }));

  return {
    call,
    batch,
    ok,
    held: async (endpoint, body) => {
      await ok('sandbox.fault', { endpoint, kind: 'hold' });
      const answer = call(endpoint, body);
      const isHeld = async (): Promise<boolean> => (await ok('sandbox.get_faults'))['held'] === 1;
      await waitUntil(`${endpoint} to be held`, isHeld, { everyMs: 5 });
      return { answer };
    },
    makeTask,
    makeQueued: async (queue) => {
      const task = await makeTask();
      await ok('tasks.enqueue', { task, queue });
      return task;
    },
    makeQueue: async (name) => readId(await ok('queues.create', { name })),
    task: async (id) => Task.parse((await ok('tasks.get_by_id', { task: id }))['task']),
    statusOf: async (id) => {
      const { result, data } = await call('tasks.get_by_id', { task: id });
      return result === '200/0' ? Task.parse(data['task']).status : result;
    },
    entriesOf: async (queue) => {
      const { queue: found } = await ok('queues.get_by_id', { queue });
      return Queue.parse(found).entries.map((entry) => entry.task);
    },
  };
}

export function readResult(text: string): Answer {
  const { meta, data } = Envelope.parse(JSON.parse(text));
  return { result: `${meta.result_code}/${meta.result_subcode}`, message: meta.result_msg, data };
}

export function basicAuthorization(accessKey: string, secretKey: string): string {
  return `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`;
}

/** A clock that goes only when it is told to. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function createManualClock(startAt = Date.UTC(2025, 0, 1)): ManualClock {
  let at = startAt;
  return {
    now: () => at,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    advance: (ms) => {
      at += ms;
    },
  };
}

function readId(data: Fields): string {
  return z.string().parse(data['id']);
}
