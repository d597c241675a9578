// Shows in the status message of a waiting task which limit or pause holds it.
import { elapsedMs } from '../../base/past-time.ts';
import { InvalidResponseError } from '../../clearml/errors.ts';
import { readTaskState } from '../../clearml/read-task-state.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { notify } from '../console/write-to-console.ts';
import { describeHold, isHeldMessage } from '../console/console-messages.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import type { HeldTask } from './plan-claims.ts';

export interface HoldMessages {
  /**
   * Writes the messages that changed, and clears those of tasks that wait but are no longer held.
   * Stops at the first call without a response, as each such call lasts until its retries end: the next pass writes the others.
   * @param isWaiting whether the task is among the entries that were read
   * @param mayContinue whether there is time for another message after the first
   */
  show(held: readonly HeldTask[], isWaiting: (task: TaskId) => boolean, mayContinue?: () => boolean): Promise<void>;
}

/** Each costs two calls; the next pass writes the others. */
const MESSAGES_PER_PASS = 10;

/** How often a message is written again because only the number of tasks before it changed, or the task could not be read. */
const REFRESH_MS = 5 * 60_000;

interface Told {
  readonly queue: ServedQueue;
  /** Without the number of tasks before it. */
  readonly reason: string;
  readonly text: string;
  readonly at: number;
}

/**
 * A message replaces only an empty one or another of these: any other may be an act of a user. Each task is read just before,
 * and a running task is left alone, as its message may be the request to abort it.
 */
export function createHoldMessages(deps: DaemonDeps): HoldMessages {
  const told = new Map<TaskId, Told>();

  function wantedMessages(held: readonly HeldTask[], isWaiting: (task: TaskId) => boolean): Map<TaskId, Told> {
    const now = deps.clock.now();
    const wanted = new Map<TaskId, Told>();
    const isHeld = new Set(held.map(({ task }) => task));
    for (const [task, { queue, text }] of told) {
      if (isHeld.has(task)) continue;
      if (isWaiting(task) && text !== '') wanted.set(task, { queue, reason: '', text: '', at: now });
      else told.delete(task);
    }
    for (const hold of held) {
      // Of several daemons on a queue, one writes.
      if (!deps.peers.isOurs(hold.queue.id, undefined)) continue;
      const [reason, text] = [describeHold({ ...hold, before: 0 }), describeHold(hold)];
      const last = told.get(hold.task);
      const isNew = last?.reason !== reason || (last.text !== text && elapsedMs(last.at, now) >= REFRESH_MS);
      if (isNew) wanted.set(hold.task, { queue: hold.queue, reason, text, at: now });
    }
    return new Map([...wanted].slice(0, MESSAGES_PER_PASS));
  }

  async function write(id: TaskId, { queue, text }: Told): Promise<void> {
    const task = await readTaskState(deps.clearml.tasks, id);
    if (task?.status !== 'queued' || task.executionQueue !== queue.id || task.statusMessage === text) return;
    if (task.statusMessage === '' || isHeldMessage(task.statusMessage))
      await deps.clearml.tasks.setStatusMessage(id, text);
  }

  /** Returns what counts as told: no text if the task cannot be read. Such a task must not keep the others from their messages. */
  async function tell(id: TaskId, message: Told): Promise<Told> {
    try {
      await write(id, message);
      return message;
    } catch (error) {
      if (!(error instanceof InvalidResponseError)) throw error;
      return { ...message, text: '' };
    }
  }

  return {
    async show(held, isWaiting, mayContinue = () => true) {
      for (const [task, message] of wantedMessages(held, isWaiting)) {
        let its = message;
        const isAnswered = await notify(deps, task, async () => {
          its = await tell(task, message);
        });
        if (!isAnswered) return;
        if (message.text === '') told.delete(task);
        else told.set(task, its);
        if (!mayContinue()) return;
      }
    },
  };
}
