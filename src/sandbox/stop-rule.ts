// The effect of "Abort": stop the task at once, or ask its worker (`stop_task` of the real server).
import type { TaskStatus } from './status-machine.ts';

/** A worker that is silent for longer is considered dead (`apiserver.workers.task_update_timeout`). */
const WORKER_SILENCE_MS = 600_000;

/** The status message that is the abort request to the agent. */
export const STOPPING_MESSAGE = 'stopping';

export interface StoppableTask {
  readonly status: TaskStatus;
  readonly systemTags: readonly string[];
  readonly lastWorker: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastUpdateAt: number | undefined;
}

/** `end` stops the task at once. `ask` keeps the status and sets the message `stopping`. Force changes nothing. */
export function decideStop(task: StoppableTask, nowAt: number): 'end' | 'ask' {
  if (task.status === 'queued') return 'end';
  if (task.systemTags.includes('development')) return 'end';
  return isRunByWorker(task, nowAt) ? 'ask' : 'end';
}

function isRunByWorker(task: StoppableTask, nowAt: number): boolean {
  if (task.lastWorker === undefined || task.lastUpdateAt === undefined) return false;
  return nowAt - task.lastUpdateAt < WORKER_SILENCE_MS;
}
