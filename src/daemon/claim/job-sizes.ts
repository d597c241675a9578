// The nodes and GPUs of the jobs of tasks, for the limits that count them: from Slurm, in a separate call.
import type { TaskId } from '../../clearml/ids.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job, JobId, JobSize } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { readParked, type Snapshot } from '../poll/poll.ts';
import { accountsOf } from '../unix-users.ts';

export type SizeOf = (task: TaskId) => JobSize | undefined;

export interface SizeReader {
  /**
   * Reads the sizes again after each poll, and while one is unknown. Undefined for a task means that its size must be known before
   * another task is claimed.
   */
  read(snapshot: Snapshot, tasks: Iterable<TaskId>, signal: AbortSignal): Promise<SizeOf>;
}

/** What a job has at least. */
const LEAST: JobSize = { nodes: 1, gpus: 0 };

/** The size of the live jobs of a task together. @param entry whose job may be newer than these jobs */
export function sizeOfJobs(
  listed: ReadonlyMap<JobId, JobSize>,
  jobs: readonly Job[] = [],
  entry?: Pick<Entry, 'jobId'>,
): JobSize | undefined {
  const live = jobs.filter(({ state }) => isLive(state)).map(({ id }) => id);
  const ids = new Set(entry?.jobId === undefined ? live : [...live, entry.jobId]);
  const sizes = [...ids].flatMap((id) => listed.get(id) ?? []);
  if (sizes.length === 0) return undefined;
  const sum = (of: (size: JobSize) => number): number => sizes.reduce((total, size) => total + of(size), 0);
  return { nodes: sum(({ nodes }) => nodes), gpus: sum(({ gpus }) => gpus) };
}

export function createSizeReader(deps: DaemonDeps): SizeReader {
  const { journal, scheduler } = deps;
  let listed: ReadonlyMap<JobId, JobSize> = new Map();
  let listedFor: Snapshot | undefined;
  let known = new Map<TaskId, JobSize>();

  /** A job that Slurm does not list: of a user whose jobs cannot be listed, or of a peer that runs as another Unix user. */
  function isInvisible(snapshot: Snapshot, parked: ReadonlyMap<TaskId, unknown>, task: TaskId): boolean {
    const entry = journal.entries.get(task);
    if (entry !== undefined) return snapshot.unlisted.has(entry.unixUser?.name ?? '');
    return parked.has(task) || snapshot.jobs.has(task);
  }

  return {
    async read(snapshot, tasks, signal) {
      const wanted = [...tasks];
      const find = (task: TaskId): JobSize | undefined =>
        sizeOfJobs(listed, snapshot.jobs.get(task), journal.entries.get(task)) ?? known.get(task);
      if (listedFor !== snapshot || wanted.some((task) => find(task) === undefined)) {
        try {
          listed = await scheduler.sizes(signal, accountsOf(deps.unixUsers, journal.entries.values()));
          listedFor = snapshot;
        } catch (error) {
          if (!(error instanceof SlurmUnavailableError)) throw error;
          deps.log.warn('Cannot read the nodes and GPUs of jobs; claiming no tasks subject to max_nodes or max_gpus', {
            err: error,
          });
          listedFor = undefined;
          return () => undefined;
        }
      }
      const parked = readParked(snapshot, deps.schedulerQueue);
      const found = wanted.flatMap((task): (readonly [TaskId, JobSize])[] => {
        const size = find(task) ?? (isInvisible(snapshot, parked, task) ? LEAST : undefined);
        return size === undefined ? [] : [[task, size]];
      });
      known = new Map(found);
      return (task) => known.get(task);
    },
  };
}
