// Tells the jobs of a task from foreign jobs: any user can give a job the name of a task, but only jobs of the task's Unix user are its jobs.
import type { TaskId } from '../../clearml/ids.ts';
import { unixUserOf } from '../../base/resolve-user-map.ts';
import { parseJobName } from '../../slurm/job-name.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import type { UnixUsers } from './unix-users.ts';

/** Whether the journal knows as whom the job of this entry was submitted. */
export function hasSubmitted(entry: Entry | undefined): boolean {
  return entry?.step === 'submitting' || entry?.step === 'following';
}

/**
 * Whether a job with the name of a task runs as its Unix user: for a submitted task, the user in its journal entry; else the one that the
 * map gives to its owner. Without a user in either place, the user of the daemon.
 * @param owner undefined for a task without one
 */
export function isJobOfTask(
  { map }: Pick<UnixUsers, 'map'>,
  job: Pick<Job, 'isOthers' | 'unixUser'>,
  { entry, owner }: { readonly entry: Entry | undefined; readonly owner: string | undefined },
): boolean {
  if (job.isOthers === true) return false;
  if (hasSubmitted(entry)) return job.unixUser === entry?.unixUser?.name;
  const mapping = unixUserOf(owner, map);
  return mapping.kind === 'run as' && job.unixUser === mapping.user?.name;
}

/**
 * Whether this is the record of the task's job. Slurm reuses ids, they are those of one cluster, and users can edit them in ClearML;
 * and any user can give a job this name.
 * @param attempt of the job, if it is known
 * @param isOthersJob whether the job is known to belong to another Unix user
 */
export function isRecordOfTask(
  { name, isOthers }: Pick<JobRecord, 'name' | 'isOthers'>,
  { task, attempt, isOthersJob }: Pick<Entry, 'task' | 'attempt' | 'isOthersJob'>,
): boolean {
  const found = parseJobName(name);
  if (found?.taskId !== task || (attempt !== undefined && found.attempt !== attempt)) return false;
  return isOthers !== true || isOthersJob === true;
}

/**
 * The jobs of each task that are its jobs by the rule of `isJobOfTask`. Any other job is reported once, and never adopted, cancelled or
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
    if (reported.get(key) === true) continue;
    reported.set(key, true);
    log.warn("Ignoring a job that has the job name of a task but does not run as that task's Unix user", {
      task,
      job: id,
      ...(unixUser === undefined ? {} : { user: unixUser }),
    });
  }
}
