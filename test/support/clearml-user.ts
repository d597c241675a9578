// Acts as a user of the ClearML web page, with the same API calls.
import * as z from 'zod';

export interface ApiKeys {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const Envelope = z.object({
  meta: z.object({ result_code: z.number(), result_msg: z.string() }),
  data: z.record(z.string(), z.unknown()),
});

export type Api = (endpoint: string, body: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;

/** Calls with these keys; rejects with the server's message on a refusal. */
export async function connectApi({ url, accessKey, secretKey }: ApiKeys): Promise<Api> {
  const basic = Buffer.from(`${accessKey}:${secretKey}`).toString('base64');
  const { token } = z.object({ token: z.string() }).parse(await post('auth.login', {}, `Basic ${basic}`));
  return (endpoint, body) => post(endpoint, body, `Bearer ${token}`);

  async function post(endpoint: string, body: unknown, authorization: string): Promise<Record<string, unknown>> {
    const reply = await fetch(`${url}/${endpoint}`, {
      method: 'POST',
      // The server may close a persistent connection at the moment of its next use.
      headers: { authorization, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify(body),
    });
    const { meta, data } = Envelope.parse(await reply.json());
    if (meta.result_code !== 200) throw new Error(`${endpoint}: ${meta.result_msg}`);
    return data;
  }
}

const Task = z.object({
  status: z.string(),
  status_reason: z.string().default(''),
  status_message: z.string().default(''),
  last_worker: z.string().optional(),
  hyperparams: z.record(z.string(), z.record(z.string(), z.object({ value: z.string() }))).default({}),
  execution: z.object({ queue: z.string().optional() }).default({}),
});

export type SeenTask = z.infer<typeof Task>;

const ConsoleEvent = z.object({ msg: z.string(), worker: z.string().default('') });

/** What the daemon broke into several lines is one sentence again; an agent, whose worker id ends with its job, breaks none. */
function joinLines({ msg, worker }: z.infer<typeof ConsoleEvent>): string {
  return /:\d+(:\d+)?$/.test(worker) ? msg : msg.replace(/\n {2}(?=\S)/g, ' ');
}

export interface NewTask {
  readonly name?: string;
  /** Python, run by the agent as it stands. */
  readonly code?: string;
  /** User properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Anything else of a task document. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A user of the web page. */
export interface User {
  readonly api: Api;
  /** The id of the queue that the user calls so, which is made when there is none. */
  makeQueue(name: string): Promise<string>;
  makeTask(task: NewTask): Promise<string>;
  enqueue(task: string, queue: string): Promise<void>;
  look(task: string): Promise<SeenTask>;
  /** The whole console, oldest first. */
  console(task: string): Promise<string>;
  entries(queue: string): Promise<string[]>;
}

/** What a user's things are called on the server, and where the tasks are: as they come, and nowhere in particular. */
export interface Namespace {
  readonly nameOf: (name: string) => string;
  readonly project: string | undefined;
}

export function userOf(
  api: Api,
  { nameOf, project }: Namespace = { nameOf: (name) => name, project: undefined },
): User {
  return {
    api,
    async makeQueue(called) {
      const name = nameOf(called);
      const { queues } = await api('queues.get_all', { name: `^${name}$`, search_hidden: true });
      const [found] = z.array(z.object({ id: z.string() })).parse(queues);
      return found?.id ?? z.string().parse((await api('queues.create', { name }))['id']);
    },
    async makeTask({ name = 'a test task', code = 'print("hello from the task")', properties = {}, more = {} }) {
      const hyperparams = Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, { section: 'properties', name: key, value }]),
      );
      const { id } = await api('tasks.create', {
        name,
        type: 'testing',
        ...(project === undefined ? {} : { project }),
        script: {
          binary: 'python3',
          repository: '',
          entry_point: 'script.py',
          working_dir: '.',
          diff: code,
          requirements: { pip: '' },
        },
        ...(Object.keys(hyperparams).length === 0 ? {} : { hyperparams: { properties: hyperparams } }),
        ...more,
      });
      return z.string().parse(id);
    },
    async enqueue(task, queue) {
      await api('tasks.enqueue', { task, queue });
    },
    async look(task) {
      return Task.parse((await api('tasks.get_by_id', { task }))['task']);
    },
    async console(task) {
      const reply = await api('events.get_task_log', { task, navigate_earlier: false, batch_size: 5000 });
      const { events } = z.object({ events: z.array(ConsoleEvent) }).parse(reply);
      return events.map(joinLines).join('\n');
    },
    async entries(queue) {
      const reply = await api('queues.get_by_id', { queue });
      const read = z
        .object({ queue: z.object({ entries: z.array(z.object({ task: z.string() })).default([]) }) })
        .parse(reply);
      return read.queue.entries.map(({ task }) => task);
    },
  };
}
