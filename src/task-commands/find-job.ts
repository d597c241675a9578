// Finds the Slurm job of a task on one cluster: its job that Slurm shows, else the one that the journal or ClearML names.
import type { TaskId } from '../clearml/ids.ts';
import { chooseJob } from '../daemon/decide/decide.ts';
import { journalEntries } from '../daemon/journal/read-beside-daemon.ts';
import { byTask } from '../daemon/poll/poll.ts';
import { isRecordOfTask } from '../daemon/users/jobs-of-task.ts';
import type { JobId, JobRecord, Scheduler } from '../slurm/scheduler.ts';

export interface FoundJob {
  readonly id: JobId;
  readonly record: JobRecord;
}

/**
 * undefined if this cluster has no job of the task.
 * @param lastKnown the job that ClearML knows, called only if nothing else is known
 * @throws SlurmUnavailableError
 */
export async function findJob(
  { scheduler, stateDir }: { readonly scheduler: Pick<Scheduler, 'list' | 'record'>; readonly stateDir: string },
  task: TaskId,
  lastKnown: () => Promise<string | undefined>,
): Promise<FoundJob | undefined> {
  const entry = (await journalEntries(stateDir)).get(task);
  const runAs = entry?.unixUser;
  const list = await scheduler.list(undefined, runAs === undefined ? [] : [runAs]);
  const named = (list.kind === 'listed' ? byTask(list.jobs).get(task) : undefined) ?? [];
  const jobs = named.filter(({ unixUser }) => unixUser === runAs?.name);
  const id = chooseJob({ jobs, task: undefined, entry: entry ?? {} })?.id ?? entry?.jobId ?? (await lastKnown());
  if (id === undefined) return undefined;
  const record = await scheduler.record(id as JobId, { runAs });
  const isOthersJob = entry?.isOthersJob === true && entry.jobId === id;
  if (record === undefined || !isRecordOfTask(record, { task, isOthersJob })) return undefined;
  return { id: id as JobId, record };
}
