// Another user's stock clearml-agent on the other queue, which sometimes also pops from ours.
import type { QueueId } from '../../src/clearml/ids.ts';
import { ApiError } from '../../src/sandbox/requests/api-error.ts';
import type { Fields } from '../../src/sandbox/requests/endpoint.ts';
import { OTHER_QUEUE, OWN_QUEUE } from './queues.ts';
import type { Server } from './server.ts';

export interface OtherAgent {
  /** Takes the head of our queue at its next step. */
  takesFromOurs: boolean;
  /** @returns what it did; undefined if it had nothing to do */
  step(): Promise<string | undefined>;
  /** Whether it has popped this task, and is about to start it. */
  hasPopped(task: string): boolean;
  /** Whether it is about to start a task that it has popped, or to report on one that it runs. */
  isDue(): boolean;
  /** Whether it runs this task. */
  isAtWork(task: string): boolean;
  isIdle(): boolean;
  /** The task that it runs. */
  running(): string | undefined;
}

/** A stock agent reports twice as often; a task without reports for two minutes counts as abandoned. */
const REPORT_EVERY_MS = 60_000;

export function createOtherAgent(server: Server, now: () => number): OtherAgent {
  let reportedAt = 0;
  let task: { readonly id: string; phase: 'popped' | 'run'; work: number } | undefined;

  async function ask(endpoint: string, body: Fields): Promise<Fields | undefined> {
    try {
      return await server.call(endpoint, body);
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }

  async function pop(queue: QueueId): Promise<string | undefined> {
    const answer = await ask('queues.get_next_task', { queue });
    const entry = answer?.['entry'];
    if (typeof entry !== 'object' || entry === null || !('task' in entry)) return undefined;
    task = { id: String(entry.task), phase: 'popped', work: 3 };
    return `pops task ${Number(task.id)}`;
  }

  const agent: OtherAgent = {
    takesFromOurs: false,
    isAtWork: (id) => task?.id === id && task.phase === 'run',
    hasPopped: (id) => task?.id === id && task.phase === 'popped',
    isDue: () => task?.phase === 'popped' || (task?.phase === 'run' && now() - reportedAt >= REPORT_EVERY_MS),
    isIdle: () => task === undefined,
    running: () => (task?.phase === 'run' ? task.id : undefined),
    async step() {
      reportedAt = now();
      if (task === undefined) {
        const queue = agent.takesFromOurs ? OWN_QUEUE : OTHER_QUEUE;
        agent.takesFromOurs = false;
        return pop(queue);
      }
      const { id, phase } = task;
      if (phase === 'popped') {
        task.phase = 'run';
        await ask('tasks.started', { task: id, force: true, status_message: 'pulled by agent' });
        await ask('workers.status_report', { worker: 'other-agent:0', task: id, timestamp: 0 });
        return `starts task ${Number(id)}`;
      }
      const status = server.store.tasks.get(id)?.status;
      const isAborted = server.store.tasks.get(id)?.status_message?.includes('stopping') === true;
      task.work -= 1;
      if (status === 'in_progress' && !isAborted && task.work > 0) {
        await ask('tasks.ping', { task: id });
        return `works on task ${Number(id)}`;
      }
      task = undefined;
      if (status !== 'in_progress') return `gives task ${Number(id)} up: it is ${status ?? 'deleted'}`;
      await ask(isAborted ? 'tasks.stopped' : 'tasks.completed', { task: id });
      return `ends task ${Number(id)}`;
    },
  };
  return agent;
}
