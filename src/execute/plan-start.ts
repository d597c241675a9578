// Reads the state of a task for `execute`, and decides how to start it: enqueue it, claim it, watch it, or refuse.
import type { QueueId, TaskId } from '../clearml/ids.ts';
import type { Task } from '../clearml/task.ts';
import { SlurmUnavailableError } from '../slurm/errors.ts';
import type { Place } from '../daemon/decide/observation.ts';
import type { DaemonDeps, ServedQueue } from '../daemon/deps.ts';
import { findLiveJob, poll } from '../daemon/poll/poll.ts';

export type StartPlan =
  /** Enqueue it in our queue, from where it is claimed. */
  | { readonly do: 'enqueue' }
  /** It waits in our queue: claim it. */
  | { readonly do: 'claim' }
  /** Another daemon holds it, or it has a job: watch it, and adopt it if no daemon tracks it. */
  | { readonly do: 'watch' }
  /** It cannot be run. */
  | { readonly do: 'refuse'; readonly why: string };

export interface TaskState {
  /** undefined if it was deleted. */
  readonly task: Task | undefined;
  readonly place: Place;
  /** Whether it has a live job. */
  readonly hasJob: boolean;
  /** Whether the journal of an earlier `execute` has it. */
  readonly isKnown: boolean;
}

/** Reads the state of the task; `task` is undefined if there is none with this id. @throws SlurmUnavailableError if Slurm listed no jobs */
export async function readTaskState(
  deps: DaemonDeps,
  id: TaskId,
  queue: ServedQueue,
  signal: AbortSignal,
): Promise<TaskState> {
  const snapshot = await poll(deps, signal, []);
  if (snapshot === undefined)
    throw new SlurmUnavailableError(
      'The list of Slurm jobs could not be read, so nothing was done. Run the command again later',
    );
  return {
    task: (await deps.clearml.tasks.get(id))?.task,
    place: snapshot.placeOf(id, queue.id),
    hasJob: findLiveJob(snapshot, id) !== undefined,
    isKnown: deps.journal.entries.has(id),
  };
}

export function planStart({ task, place, hasJob, isKnown }: TaskState, ownQueue: QueueId): StartPlan {
  // If the task was reset since, its earlier run has no end to watch, and is cleaned up as for any task.
  if (isKnown && task?.status !== 'created') return { do: 'watch' };
  if (task === undefined) return { do: 'refuse', why: 'it was deleted' };
  if (task.archived)
    return { do: 'refuse', why: 'it is archived: restore it in the web page, or run a copy with --clone' };
  switch (task.status) {
    case 'created':
    case 'stopped':
    case 'failed':
      return { do: 'enqueue' };
    case 'in_progress':
      return { do: 'watch' };
    case 'queued':
      if (place === 'parked' || hasJob) return { do: 'watch' };
      // A task in another queue is moved, as a user may do at any time: a daemon that holds it gives it up.
      if (task.executionQueue !== ownQueue) return { do: 'enqueue' };
      if (place === 'own queue') return { do: 'claim' };
      return { do: place === 'nowhere' || place === 'unknown' ? 'watch' : 'enqueue' };
    default:
      return { do: 'refuse', why: `it is ${task.status}: run a copy with --clone, or reset it in the web page` };
  }
}

/** Returns what to do with a task that is not in our journal. */
export function planNext(task: Task | undefined, ownQueue: QueueId): 'over' | 'claim' | 'watch' {
  switch (task?.status) {
    case 'queued':
      return task.executionQueue === ownQueue ? 'claim' : 'watch';
    case 'in_progress':
      return 'watch';
    default:
      return 'over';
  }
}
