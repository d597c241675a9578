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
  /** By the name of a Unix user for whom sudo refused the last submission. */
  readonly holds: Map<string, Hold>;
  /** Jobs of other users than those of their tasks that were reported. */
  readonly reported: { has(job: string): boolean; add(job: string): void };
  /** The owner of a task never changes; null for a task without one. */
  readonly owners: { get(task: TaskId): string | null | undefined; set(task: TaskId, owner: string | null): void };
}

interface Hold {
  /** The user's tasks wait until then (milliseconds since 1970); the next one shows whether sudo still refuses. */
  readonly until: number;
  readonly lengthMs: number;
  /** The submission of that one is running. */
  readonly isProbed: boolean;
}

const MAX_REMEMBERED = 50_000;

export function createUnixUsers(map: UserMap): UnixUsers {
  const reported = createBoundedMap<true>(MAX_REMEMBERED);
  return {
    map,
    holds: new Map(),
    reported: { has: (job) => reported.get(job) === true, add: (job) => reported.set(job, true) },
    owners: createBoundedMap<string | null>(MAX_REMEMBERED),
  };
}

const FIRST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 3_600_000;

/** Holds the tasks of this user after sudo refused a submission: twice as long after each probe, up to an hour. */
export function hold({ holds }: UnixUsers, name: string, now: number): void {
  const last = holds.get(name);
  // Submissions that ran at the same time count once.
  if (last !== undefined && !last.isProbed && now < last.until) return;
  const lengthMs = last === undefined ? FIRST_HOLD_MS : Math.min(2 * last.lengthMs, LONGEST_HOLD_MS);
  holds.set(name, { until: now + lengthMs, lengthMs, isProbed: false });
}

/** Call it when sudo did not refuse a submission. */
export function release({ holds }: UnixUsers, name: string): void {
  holds.delete(name);
}

/** Call it when a task of this owner is claimed: after a hold, the owner's other tasks wait for its submission, at most a minute. */
export function noteProbe(users: UnixUsers, owner: string | undefined, now: number): void {
  const name = runsAs(users, owner);
  const last = name === undefined ? undefined : users.holds.get(name);
  if (name !== undefined && last !== undefined && now >= last.until)
    users.holds.set(name, { ...last, until: now + FIRST_HOLD_MS, isProbed: true });
}

/** Whether a user's tasks wait, or the next one is a probe. A user who enqueued nothing since the end of a hold is forgotten. */
export function hasHolds({ holds }: UnixUsers, now: number): boolean {
  for (const [name, { until }] of holds) if (now >= until + LONGEST_HOLD_MS) holds.delete(name);
  return holds.size > 0;
}

/**
 * Whether the tasks of this owner stay in their queues until the hold ends.
 * @param unlisted Unix users whose jobs could not be listed: their tasks may have jobs
 */
export function isHeld(
  users: UnixUsers,
  owner: string | undefined,
  { now, unlisted }: { readonly now: number; readonly unlisted: ReadonlySet<string> },
): boolean {
  const name = runsAs(users, owner);
  const last = name === undefined ? undefined : users.holds.get(name);
  return (last !== undefined && now < last.until) || unlisted.has(name ?? '');
}

function runsAs({ map }: UnixUsers, owner: string | undefined): string | undefined {
  const mapping = unixUserOf(owner, map);
  return mapping.kind === 'run as' ? mapping.user?.name : undefined;
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
