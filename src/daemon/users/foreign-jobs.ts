// Whose job counts: any user of the cluster can give a job the name of a task, but only jobs of the task's Unix user are its jobs.
import { unixUserOf } from '../../base/user-map.ts';
import { readJobName } from '../../slurm/job-name.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
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
  const found = readJobName(name);
  if (found?.taskId !== task || (attempt !== undefined && found.attempt !== attempt)) return false;
  return isOthers !== true || isOthersJob === true;
}
