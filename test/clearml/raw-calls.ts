// Calls that only the contract suite makes: a user's acts in the web page, and what is cleaned up afterwards.
import * as z from 'zod';
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import { QueueIdShape, TaskIdShape } from '../../src/clearml/ids.ts';

export interface Access {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface RawCalls {
  /** Any endpoint; gives its `data`. Throws with the server's words when it refuses. */
  call(endpoint: string, body: object): Promise<unknown>;
  /** A draft with a unique name. */
  createTask(): Promise<TaskId>;
  /** A queue; with `k8s-glue` among the system tags it is hidden. */
  createQueue(name: string, systemTags?: readonly string[]): Promise<QueueId>;
  createProject(name: string): Promise<string>;
  enqueue(task: TaskId, queue: QueueId): Promise<void>;
  /** Removes all that was made here; and these queues. */
  cleanUp(queues: Iterable<QueueId>): Promise<void>;
}

const Reply = z.object({ meta: z.object({ result_code: z.number(), result_msg: z.string() }), data: z.unknown() });
const Id = z.object({ id: z.string() });

export function createRawCalls({ url, accessKey, secretKey }: Access, prefix: string): RawCalls {
  const authorization = `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`;
  const tasks: TaskId[] = [];
  const queues: QueueId[] = [];
  const projects: string[] = [];

  async function call(endpoint: string, body: object): Promise<unknown> {
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(`${url}/${endpoint}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const { meta, data } = Reply.parse(await response.json());
    if (meta.result_code !== 200) throw new Error(`${endpoint}: ${meta.result_msg}`);
    return data;
  }

  async function create(endpoint: string, body: object): Promise<string> {
    return Id.parse(await call(endpoint, body)).id;
  }

  return {
    call,

    async createTask() {
      const id = TaskIdShape.parse(
        await create('tasks.create', { name: `${prefix} task ${tasks.length}`, type: 'testing' }),
      );
      tasks.push(id);
      return id;
    },

    async createQueue(name, systemTags = []) {
      const id = QueueIdShape.parse(await create('queues.create', { name, system_tags: systemTags }));
      queues.push(id);
      return id;
    },

    async createProject(name) {
      const id = await create('projects.create', { name, description: '' });
      projects.push(id);
      return id;
    },

    async enqueue(task, queue) {
      await call('tasks.enqueue', { task, queue });
    },

    async cleanUp(others) {
      // What a test removed itself is gone already.
      for (const task of tasks) await call('tasks.delete', { task, force: true }).catch(() => undefined);
      for (const queue of [...queues, ...others])
        await call('queues.delete', { queue, force: true }).catch(() => undefined);
      for (const project of projects) await call('projects.delete', { project, force: true }).catch(() => undefined);
    },
  };
}
