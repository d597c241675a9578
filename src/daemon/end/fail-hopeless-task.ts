// Fails a parked task whose sbatch failed again and again while Slurm accepted the jobs of others.
import { describeHopeless } from '../console/console-messages.ts';
import { readClaimed } from '../claim/park.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { endTask } from './end-task.ts';

/** Does nothing if the task is no longer the claimed one: the next pass finds out why. @param why what sbatch printed */
export async function failAsHopeless(deps: DaemonDeps, entry: Entry, why: string): Promise<void> {
  // When it was enqueued does not count here, as the task is parked.
  const read = await readClaimed(deps, { ...entry, queuedAt: undefined });
  if (read === undefined) return;
  deps.log.info('Failing the task: sbatch fails each time for this task, but not for others', {
    task: entry.task,
    queue: entry.queueName,
    slurm: why,
  });
  const ending = {
    status: 'failed',
    reason: 'rejected by Slurm',
    text: describeHopeless(why),
    withLog: false,
  } as const;
  await endTask(deps, entry, ending, { seen: read.task, isParked: true });
}
