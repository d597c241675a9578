// The Unix users of the jobs of one cluster: as whom a task's job runs, whose jobs are ours, and for whom sudo refuses commands.
import { createBoundedMap } from '../base/bounded-map.ts';
import { mappedUsers, unixUserOf, type Mapping, type UnixAccount, type UserMap } from '../base/user-map.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { Task } from '../clearml/task.ts';
import { readJobName } from '../slurm/job-name.ts';
import type { Job, JobRecord } from '../slurm/scheduler.ts';
import type { Entry } from './journal/entry.ts';

/** Only with agent.slurm.user_map; without it, all jobs run as the user of the daemon. */
export interface UnixUsers {
  readonly map: UserMap;
  /** Users for whom sudo refused a submission, until when their tasks wait (milliseconds since 1970). */
  readonly heldUntil: Map<string, number>;
  /** Jobs of other users than those of their tasks that were reported. */
  readonly reported: { has(job: string): boolean; add(job: string): void };
  /** The owner of a task never changes; null for a task without one. */
  readonly owners: { get(task: TaskId): string | null | undefined; set(task: TaskId, owner: string | null): void };
}

const MAX_REMEMBERED = 50_000;

export function createUnixUsers(map: UserMap): UnixUsers {
  const reported = createBoundedMap<true>(MAX_REMEMBERED);
  return {
    map,
    heldUntil: new Map(),
    reported: { has: (job) => reported.get(job) === true, add: (job) => reported.set(job, true) },
    owners: createBoundedMap<string | null>(MAX_REMEMBERED),
  };
}

/** How long the tasks of a user wait after sudo refused a submission. */
const HOLD_MS = 60_000;

export function hold({ heldUntil }: UnixUsers, name: string, now: number): void {
  heldUntil.set(name, now + HOLD_MS);
}

/** Whether the tasks of this owner are left in their queues for now. */
export function isHeld({ map, heldUntil }: UnixUsers, owner: string | undefined, now: number): boolean {
  const mapping = unixUserOf(owner, map);
  const until = mapping.kind === 'run as' ? heldUntil.get(mapping.user?.name ?? '') : undefined;
  return until !== undefined && now < until;
}

/** As whom the task's job runs. */
export function mappingOf(users: UnixUsers | undefined, owner: string | undefined): Mapping {
  return users === undefined ? { kind: 'run as', user: undefined } : unixUserOf(owner, users.map);
}

/** The other Unix users whose jobs are ours: those of the map, and those of tracked jobs, whose entry in the map may be gone. */
export function accountsOf(users: UnixUsers | undefined, entries: Iterable<Entry>): UnixAccount[] {
  if (users === undefined) return [];
  const accounts = new Map<number, UnixAccount>(mappedUsers(users.map).map((user) => [user.uid, user]));
  for (const { unixUser } of entries)
    if (unixUser !== undefined && !accounts.has(unixUser.uid)) accounts.set(unixUser.uid, unixUser);
  return [...accounts.values()];
}

/** For an untracked task, the name of the Unix user whose job counts; undefined for the daemon's; false if no user's does. */
export function expectedUser(users: UnixUsers, task: Pick<Task, 'user'>): string | undefined | false {
  const mapping = unixUserOf(task.user, users.map);
  return mapping.kind === 'run as' && mapping.user?.name;
}

/** Whether the job runs as this user. A job of any other user is not ours, whatever its name. */
export function isJobOfUser(job: Pick<Job, 'isOthers' | 'unixUser'>, name: string | undefined | false): boolean {
  return name !== false && job.isOthers !== true && job.unixUser === name;
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

/** Whether the journal knows as whom the job of this entry was submitted. */
export function hasSubmitted({ step }: Entry): boolean {
  return step === 'submitting' || step === 'following';
}
