// How one task stands before anything is done with it.
import type { TaskId } from '../../clearml/ids.ts';
import { SlurmUnavailable } from '../../slurm/errors.ts';
import type { Glue, ServedQueue } from '../deps.ts';
import { findLiveJob, look } from '../poll/poll.ts';
import type { StandingTask } from './begin.ts';

/** `task` is undefined when there is none of that id. @throws SlurmUnavailable when it gave no list of jobs */
export async function findStanding(
  glue: Glue,
  id: TaskId,
  queue: ServedQueue,
  signal: AbortSignal,
): Promise<StandingTask> {
  const view = await look(glue, signal);
  if (view === undefined) throw new SlurmUnavailable('Slurm gave no list of jobs; nothing was done. Try again');
  return {
    task: (await glue.clearml.tasks.get(id))?.task,
    place: view.placeOf(id, queue.id),
    hasJob: findLiveJob(view, id) !== undefined,
    isKnown: glue.journal.entries.has(id),
  };
}
