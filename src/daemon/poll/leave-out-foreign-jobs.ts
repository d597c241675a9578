// Leaves out jobs that have the name of a task but run as another Unix user than the task's: only with agent.slurm.user_map.
import type { TaskId } from '../../clearml/ids.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import type { UnixUsers } from '../users/unix-users.ts';
import { hasSubmitted, isJobOfTask } from '../users/foreign-jobs.ts';

/**
 * The jobs of each task that are its jobs by the rule of `foreign-jobs.ts`. Any other job is reported once, and never adopted, cancelled or
 * believed. The jobs of a task whose owner cannot be read are kept: the task may have a job.
 */
export async function leaveOutForeignJobs(
  { unixUsers, journal, clearml, log }: DaemonDeps,
  jobs: ReadonlyMap<TaskId, Job[]>,
): Promise<ReadonlyMap<TaskId, Job[]>> {
  if (unixUsers === undefined) return jobs;
  const { owners } = unixUsers;
  const notSubmitted = [...jobs.keys()].filter((id) => !hasSubmitted(journal.entries.get(id)));
  await owners.read(clearml.tasks, notSubmitted);
  const own = new Map<TaskId, Job[]>();
  for (const [id, its] of jobs) {
    const entry = journal.entries.get(id);
    const facts = owners.get(id);
    const isKnown = hasSubmitted(entry) || (facts?.owner !== undefined && facts.isDeleted !== true);
    const owner = facts?.owner === '' ? undefined : facts?.owner;
    const kept = isKnown ? its.filter((job) => isJobOfTask(unixUsers, job, { entry, owner })) : its;
    const foreign = its.filter((job) => !kept.includes(job));
    report(log, unixUsers, id, foreign);
    if (kept.length > 0) own.set(id, kept);
  }
  return own;
}

function report(log: DaemonDeps['log'], { reported }: UnixUsers, task: TaskId, foreign: readonly Job[]): void {
  for (const { id, name, unixUser } of foreign) {
    const key = `${id} ${name}`;
    if (reported.has(key)) continue;
    reported.add(key);
    log.warn("Ignoring a job that has the job name of a task but does not run as that task's Unix user", {
      task,
      job: id,
      ...(unixUser === undefined ? {} : { user: unixUser }),
    });
  }
}
