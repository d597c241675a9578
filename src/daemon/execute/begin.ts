// How the way of one task begins that a person wants run now: whether it is to be enqueued first, or is on its way already. Pure.
import type { QueueId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { Place } from '../decide/observation.ts';

export type StartPlan =
  /** It is to be put into our queue, from where it is taken like any other. */
  | { readonly do: 'enqueue' }
  /** It waits in our queue. */
  | { readonly do: 'take' }
  /** Somebody has it in hand, or its job is there: it is watched, and taken over if nobody else follows it. */
  | { readonly do: 'watch' }
  /** It can't be run. */
  | { readonly do: 'refuse'; readonly why: string };

export interface TaskState {
  /** undefined when it was deleted. */
  readonly task: Task | undefined;
  readonly place: Place;
  /** A job of it lives. */
  readonly hasJob: boolean;
  /** An earlier call of ours has it in its journal. */
  readonly isKnown: boolean;
}

export function planStart({ task, place, hasJob, isKnown }: TaskState, ownQueue: QueueId): StartPlan {
  // One that was reset since has no end to be watched: what is left of its earlier way is let go like that of any task.
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
      // In another queue it is moved, as a person may do at any time: whoever had it in hand lets it go.
      if (task.executionQueue !== ownQueue) return { do: 'enqueue' };
      if (place === 'own queue') return { do: 'take' };
      return { do: place === 'nowhere' || place === 'unknown' ? 'watch' : 'enqueue' };
    default:
      return { do: 'refuse', why: `it is ${task.status}: run a copy with --clone, or reset it in the web page` };
  }
}

/** What is next for a task that is not in our journal: its end, our turn, or somebody else's. */
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
