// What pressing "Abort" does to a task: end it at once, or ask the worker that runs it (`stop_task` of the real server).
import type { TaskStatus } from './status-machine.ts';

/** A worker that was silent for longer counts as gone (`apiserver.workers.task_update_timeout`). */
const WORKER_SILENCE_MS = 600_000;

/** The message that *is* the abort request: agents look for this word. */
export const STOPPING_MESSAGE = 'stopping';

export interface StoppableTask {
  readonly status: TaskStatus;
  readonly systemTags: readonly string[];
  readonly lastWorker: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastUpdateAt: number | undefined;
}

/** `end`: the task becomes stopped now. `ask`: its status stays and its message becomes `stopping`. Force changes nothing here. */
export function decideStop(task: StoppableTask, nowAt: number): 'end' | 'ask' {
  if (task.status === 'queued') return 'end';
  if (task.systemTags.includes('development')) return 'end';
  return isRunByWorker(task, nowAt) ? 'ask' : 'end';
}

function isRunByWorker(task: StoppableTask, nowAt: number): boolean {
  if (task.lastWorker === undefined || task.lastUpdateAt === undefined) return false;
  return nowAt - task.lastUpdateAt < WORKER_SILENCE_MS;
}
