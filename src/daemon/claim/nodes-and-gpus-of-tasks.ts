// The nodes and GPUs of the jobs of tasks, for the limits that count them: from Slurm, in a separate call.
import type { TaskId } from '../../clearml/ids.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job, JobSize, ListedSizes } from '../../slurm/scheduler.ts';
import { unknownOutcomeMs } from '../decide/shared-actions.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { findLiveJob, readParked, type Snapshot } from '../poll/poll.ts';
import { accountsOf } from '../users/unix-users.ts';

export type SizeOf = (task: TaskId) => JobSize | undefined;

export interface SizeReader {
  /**
   * Reads the sizes again after each poll, and while one is unknown. Undefined for a task means that its size must be known before
   * another task is claimed.
   */
  read(snapshot: Snapshot, tasks: Iterable<TaskId>, signal: AbortSignal): Promise<SizeOf>;
}

/** What a job has at least. */
export const LEAST_SIZE: JobSize = { nodes: 1, gpus: 0 };

/** The size of the live jobs of a task together. @param entry whose job may be newer than these jobs */
export function sizeOfJobs(
  listed: ListedSizes,
  jobs: readonly Job[] = [],
  entry?: Pick<Entry, 'jobId' | 'unixUser'>,
): JobSize | undefined {
  const newest = entry?.jobId === undefined ? [] : [{ id: entry.jobId, unixUser: entry.unixUser?.name }];
  const live = jobs.filter(({ state }) => isLive(state));
  const byId = new Map([...newest, ...live].map((job) => [job.id, job]));
  const sizes = [...byId.values()].flatMap((job) => listed(job) ?? []);
  if (sizes.length === 0) return undefined;
  const sum = (of: (size: JobSize) => number): number => sizes.reduce((total, size) => total + of(size), 0);
  return { nodes: sum(({ nodes }) => nodes), gpus: sum(({ gpus }) => gpus) };
}

export function createSizeReader(deps: DaemonDeps): SizeReader {
  const { journal, scheduler } = deps;
  let listed: ListedSizes = () => undefined;
  let listedFor: Snapshot | undefined;
  let known = new Map<TaskId, JobSize>();
  /** The tasks whose size was unknown in the last reading. */
  let unknown: { readonly snapshot?: Snapshot; readonly tasks: ReadonlySet<TaskId> } = { tasks: new Set() };
  const logged = new Set<TaskId>();

  /**
   * A job that Slurm does not list: of a user whose jobs cannot be listed, of a peer that runs as another Unix user, or one that does not
   * exist. A job that was submitted after the poll may be listed by the next one.
   */
  function isInvisible(snapshot: Snapshot, parked: ReadonlyMap<TaskId, unknown>, task: TaskId): boolean {
    // Its submission may be repeated now.
    if (deps.busy.has(task)) return false;
    const entry = journal.entries.get(task);
    if (entry === undefined) return parked.has(task) || snapshot.jobs.has(task);
    if (entry.isOthersJob === true || snapshot.unlisted.has(entry.unixUser?.name ?? '')) return true;
    // After the clock was set back, a step may lie in the future.
    const isInFuture = entry.stepAt > deps.clock.now();
    const ageAtPollMs = isInFuture ? Infinity : snapshot.at - entry.stepAt;
    if (entry.step === 'submitting') return ageAtPollMs >= unknownOutcomeMs(deps.cluster);
    return entry.step === 'following' && ageAtPollMs > 0 && findLiveJob(snapshot, task) === undefined;
  }

  /** Logs a task whose size is unknown in two polls, once and one in each poll: nothing else shows why no task is claimed. */
  function logUnknown(snapshot: Snapshot, tasks: readonly TaskId[]): void {
    const before = unknown.tasks;
    if (unknown.snapshot !== snapshot) {
      for (const task of logged) if (!tasks.includes(task)) logged.delete(task);
      const task = tasks.find((one) => before.has(one) && !logged.has(one));
      if (task !== undefined) {
        logged.add(task);
        deps.log.info("Slurm does not yet show the size of a task's job; tasks subject to max_nodes or max_gpus wait", {
          task,
        });
      }
    }
    unknown = { snapshot, tasks: new Set(tasks) };
  }

  return {
    async read(snapshot, tasks, signal) {
      const wanted = [...tasks];
      const find = (task: TaskId): JobSize | undefined =>
        sizeOfJobs(listed, snapshot.jobs.get(task), journal.entries.get(task)) ?? known.get(task);
      const parked = readParked(snapshot, deps.schedulerQueue);
      const isUnknown = (task: TaskId): boolean => find(task) === undefined && !isInvisible(snapshot, parked, task);
      if (listedFor !== snapshot || wanted.some(isUnknown)) {
        try {
          listed = await scheduler.sizes(signal, accountsOf(deps.unixUsers, journal.entries.values()));
          listedFor = snapshot;
        } catch (error) {
          if (!(error instanceof SlurmUnavailableError)) throw error;
          deps.log.warn('Cannot read the nodes and GPUs of jobs; tasks subject to max_nodes or max_gpus wait', {
            err: error,
          });
          listedFor = undefined;
          return () => undefined;
        }
      }
      known = new Map(
        wanted.flatMap((task) => {
          const size = find(task);
          return size === undefined ? [] : [[task, size] as const];
        }),
      );
      // A bound is not remembered: the next submission of the task may need more.
      const invisible = new Set(wanted.filter((task) => !known.has(task) && isInvisible(snapshot, parked, task)));
      logUnknown(
        snapshot,
        wanted.filter((task) => !known.has(task) && !invisible.has(task)),
      );
      const sizes = known;
      return (task) => sizes.get(task) ?? (invisible.has(task) ? LEAST_SIZE : undefined);
    },
  };
}
