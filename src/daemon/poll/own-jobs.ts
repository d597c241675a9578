// Leaves out jobs that have the name of a task but run as another Unix user than the task's: only with agent.slurm.user_map.
import type { TaskId } from '../../clearml/ids.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import { expectedUser, hasSubmitted, isJobOfUser, type UnixUsers } from '../users-of-jobs.ts';

/**
 * The jobs of each task that run as the task's Unix user: for a submitted task, the user in its journal entry; else the one that the map
 * gives to its owner. Any other job is reported once, and never adopted, cancelled or believed. The jobs of a task whose owner cannot be
 * read are kept: the task may have a job.
 */
export async function ownJobs(deps: DaemonDeps, jobs: ReadonlyMap<TaskId, Job[]>): Promise<ReadonlyMap<TaskId, Job[]>> {
  const { unixUsers, journal } = deps;
  if (unixUsers === undefined) return jobs;
  const isSubmitted = (id: TaskId): boolean => {
    const entry = journal.entries.get(id);
    return entry !== undefined && hasSubmitted(entry);
  };
  await readOwners(
    deps,
    unixUsers,
    [...jobs.keys()].filter((id) => !isSubmitted(id)),
  );
  const own = new Map<TaskId, Job[]>();
  for (const [id, its] of jobs) {
    const expected = expectedOf(deps, unixUsers, id);
    const kept = expected === 'unknown' ? its : its.filter((job) => isJobOfUser(job, expected.user));
    if (kept.length < its.length)
      report(
        deps,
        unixUsers,
        id,
        its.filter((job) => !kept.includes(job)),
      );
    if (kept.length > 0) own.set(id, kept);
  }
  return own;
}

function expectedOf(
  { journal }: DaemonDeps,
  unixUsers: UnixUsers,
  id: TaskId,
): { readonly user: string | undefined | false } | 'unknown' {
  const entry = journal.entries.get(id);
  if (entry !== undefined && hasSubmitted(entry)) return { user: entry.unixUser?.name };
  const owner = unixUsers.owners.get(id);
  return owner === undefined ? 'unknown' : { user: expectedUser(unixUsers, { user: owner ?? undefined }) };
}

/** One call for all tasks whose owner is not known yet. */
async function readOwners({ clearml }: DaemonDeps, { owners }: UnixUsers, ids: readonly TaskId[]): Promise<void> {
  const unknown = ids.filter((id) => owners.get(id) === undefined);
  if (unknown.length === 0) return;
  const { tasks } = await clearml.tasks.read(unknown);
  for (const [id, { user }] of tasks) owners.set(id, user ?? null);
}

function report({ log }: DaemonDeps, { reported }: UnixUsers, task: TaskId, foreign: readonly Job[]): void {
  for (const { id, name, unixUser } of foreign) {
    const key = `${id} ${name}`;
    if (reported.has(key)) continue;
    reported.add(key);
    log.warn("Ignoring a job that is named like a task's job but runs as another Unix user", {
      task,
      job: id,
      ...(unixUser === undefined ? {} : { user: unixUser }),
    });
  }
}
