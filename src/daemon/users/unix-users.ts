// The Unix users of the jobs of one cluster, as agent.slurm.user_map maps them, and what the daemon remembers about them.
import { createBoundedMap, type BoundedMap } from '../../base/bounded-map.ts';
import { mappedUsers, unixUserOf, type Mapping, type UnixAccount, type UserMap } from '../../base/resolve-user-map.ts';
import type { Entry } from '../journal/entry.ts';
import { createSudoHolds, type SudoHolds } from './sudo-holds.ts';
import { createTaskOwners, type TaskOwners } from './task-owners.ts';

/** Only with agent.slurm.user_map; without it, all jobs run as the user of the daemon. */
export interface UnixUsers {
  readonly map: UserMap;
  readonly holds: SudoHolds;
  /** Jobs of other users than those of their tasks that were reported. */
  readonly reported: BoundedMap<true>;
  readonly owners: TaskOwners;
}

const MAX_REMEMBERED = 50_000;

export function createUnixUsers(map: UserMap): UnixUsers {
  return { map, holds: createSudoHolds(), reported: createBoundedMap(MAX_REMEMBERED), owners: createTaskOwners() };
}

/** Call it when a task of this owner is claimed: see `SudoHolds`. */
export function noteProbe(users: UnixUsers | undefined, owner: string | undefined, now: number): void {
  const name = accountOf(users, owner)?.name;
  if (name !== undefined) users?.holds.noteProbe(name, now);
}

/**
 * Whether the tasks of this owner stay in their queues, because sudo refuses their submission or their jobs are unlisted.
 * @param unlisted Unix users whose jobs could not be listed: their tasks may have jobs
 */
export function isHeld(
  users: UnixUsers | undefined,
  owner: string | undefined,
  now: number,
  unlisted: ReadonlySet<string> = new Set(),
): boolean {
  const name = accountOf(users, owner)?.name;
  return (name !== undefined && users?.holds.isHeld(name, now) === true) || unlisted.has(name ?? '');
}

/** The Unix user of this owner's jobs; undefined for the user of the daemon, or if the owner is not in the map. */
export function accountOf(users: UnixUsers | undefined, owner: string | undefined): UnixAccount | undefined {
  const mapping = mappingOf(users, owner);
  return mapping.kind === 'run as' ? mapping.user : undefined;
}

/** Whether the job of a task of this owner, if the task has one, may be that of a user whose jobs could not be listed. */
export function isOfUnlistedUser(
  users: UnixUsers | undefined,
  owner: string | undefined,
  unlisted: ReadonlySet<string>,
): boolean {
  if (unlisted.size === 0) return false;
  const mapping = mappingOf(users, owner);
  return mapping.kind === 'rejected' || unlisted.has(mapping.user?.name ?? '');
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
