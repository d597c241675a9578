// Decides as which Unix user the job of a task runs: agent.slurm.user_map, as ClearML's own Slurm glue defines it. Pure.

/** A Unix user on the login node. */
export interface UnixAccount {
  readonly name: string;
  readonly uid: number;
}

export interface UnixUser extends UnixAccount {
  readonly home: string;
}

/** A user of ClearML. */
export interface ClearmlUser {
  readonly id: string;
  readonly name: string;
}

export type Mapping =
  /** `user` is undefined for the user of the daemon. */
  | { readonly kind: 'run as'; readonly user: UnixUser | undefined }
  /** `reason` is a sentence without a full stop. */
  | { readonly kind: 'rejected'; readonly reason: string };

export interface UserMap {
  /** By the id of the ClearML user. */
  readonly byOwner: ReadonlyMap<string, Mapping>;
  /** For all others. */
  readonly fallback: Mapping | undefined;
  /** What is wrong with the map: one sentence for each entry that is not used. */
  readonly problems: readonly string[];
}

/** The Unix user of a task's job. @param owner the id of the ClearML user to whom the task belongs */
export function unixUserOf(owner: string | undefined, { byOwner, fallback }: UserMap): Mapping {
  const own = owner === undefined ? undefined : byOwner.get(owner);
  if (own !== undefined) return own;
  if (fallback !== undefined) return fallback;
  const who = owner === undefined ? 'the task has no ClearML user' : `ClearML user ${owner} is not in ${SETTING}`;
  return { kind: 'rejected', reason: `${who}, and ${SETTING} has no entry "${DEFAULT}"` };
}

/** The users other than the daemon's own, each once. */
export function mappedUsers({ byOwner, fallback }: UserMap): UnixUser[] {
  const all = [...byOwner.values(), fallback].flatMap((one) => (one?.kind === 'run as' ? (one.user ?? []) : []));
  return [...new Map(all.map((user) => [user.uid, user])).values()];
}

export const DEFAULT = 'default';
const SETTING = 'agent.slurm.user_map';

/** The id of a user of a ClearML server. */
const ID = /^[0-9a-f]{32}$/;

/** Whether the key of an entry may be the name of a user, who chooses it freely: never `default` or an id, even of a user who was deleted. */
export function mayBeName(key: string): boolean {
  return key !== DEFAULT && !ID.test(key);
}

/** What the map is resolved with. */
export interface UserMapFacts {
  /** The users of the login node that the map names and that exist. */
  readonly users: ReadonlyMap<string, UnixUser>;
  /** The user of the daemon there. */
  readonly self: UnixAccount;
  readonly people: readonly ClearmlUser[];
  /** The ClearML user of the daemon's own key. */
  readonly selfInClearml: string;
  readonly minUid: number;
}

/**
 * Resolves the map. A key is the id of a ClearML user, or the name of exactly one; an id takes precedence. An entry that must not be used
 * rejects the tasks of its user and affects no other.
 * @param written the setting: ClearML users, or `default`, to names of Unix users
 */
export function resolveUserMap(written: Readonly<Record<string, string>>, facts: UserMapFacts): UserMap {
  const byOwner = new Map<string, Mapping>();
  const problems: string[] = [];
  let fallback: Mapping | undefined;

  function reject(key: string, why: string): Mapping {
    const reason = `the entry "${key}" of ${SETTING} is not used: ${why}`;
    problems.push(reason);
    return { kind: 'rejected', reason };
  }

  const ids = new Set(facts.people.map(({ id }) => id));
  // Ids last, because an id takes precedence over a name.
  const entries = Object.entries(written).toSorted(([one], [other]) => Number(ids.has(one)) - Number(ids.has(other)));
  for (const [key, name] of entries) {
    const isName = mayBeName(key) && !ids.has(key);
    const named = isName ? facts.people.filter((user) => user.name === key) : [];
    const owners = named.length === 0 ? [key] : named.map(({ id }) => id);
    const isOwn = owners.every((id) => id === facts.selfInClearml);
    const why = named.length > 1 ? `${named.length} ClearML users have this name: use their ids` : undefined;
    const problem = why ?? whyRefused(name, { ...facts, mayBeSelf: key === DEFAULT || isOwn });
    const user = name === facts.self.name ? undefined : facts.users.get(name);
    const mapping: Mapping = problem === undefined ? { kind: 'run as', user } : reject(key, problem);
    if (key === DEFAULT) fallback = mapping;
    else for (const owner of owners) byOwner.set(owner, mapping);
  }
  return { byOwner, fallback, problems };
}

/** Why no job may run as this Unix user; undefined if one may. */
function whyRefused(
  name: string,
  { users, self, minUid, mayBeSelf }: UserMapFacts & { readonly mayBeSelf: boolean },
): string | undefined {
  const found = users.get(name);
  if (found === undefined)
    return `Unix user ${name} is not found on the login node: the user does not exist, or the directory service there (LDAP, SSSD) does not respond`;
  if (found.uid === 0) return `Unix user ${name} is root`;
  if (found.uid === self.uid && (!mayBeSelf || name !== self.name))
    return `Unix user ${name} is the daemon's user, so its jobs could read the daemon's keys`;
  if (found.uid < minUid && found.uid !== self.uid)
    return `Unix user ${name} has uid ${found.uid}, below agent.slurm.min_uid (${minUid})`;
  const twin = [...users.values()].find((other) => other.uid === found.uid);
  return twin === found ? undefined : `Unix user ${name} has the same uid as ${twin?.name ?? ''}`;
}
