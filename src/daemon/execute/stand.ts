// How one task stands before anything is done with it.
import type { TaskId } from '../../clearml/ids.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { findLiveJob, poll } from '../poll/poll.ts';
import type { TaskState } from './begin.ts';

/** `task` is undefined when there is none of that id. @throws SlurmUnavailableError when it gave no list of jobs */
export async function readTaskState(
  deps: DaemonDeps,
  id: TaskId,
  queue: ServedQueue,
  signal: AbortSignal,
): Promise<TaskState> {
  const snapshot = await poll(deps, signal);
  if (snapshot === undefined)
    throw new SlurmUnavailableError('Slurm did not list its jobs; nothing was done. Try again later');
  return {
    task: (await deps.clearml.tasks.get(id))?.task,
    place: snapshot.placeOf(id, queue.id),
    hasJob: findLiveJob(snapshot, id) !== undefined,
    isKnown: deps.journal.entries.has(id),
  };
}
