// Reads the users of ClearML and of the login node, and resolves agent.slurm.user_map with them.
import {
  mappedUsers,
  mayBeName,
  resolveUserMap,
  type ClearmlUser,
  type UnixAccount,
  type UnixUser,
  type UserMap,
  type UserMapFacts,
} from '../base/resolve-user-map.ts';
import { ServerRefusedError } from '../clearml/errors.ts';
import { throwUnavailable, SlurmUnavailableError } from '../slurm/errors.ts';
import type { SlurmSettings } from '../config/convert-settings.ts';
import type { Transport } from '../transport/transport.ts';

const TIMEOUT_MS = 30_000;

/** The user of the commands, then the passwd(5) line of each argument that is a user. */
const FIND_USERS = 'echo "$(id -u):$(id -un)" && for name; do getent passwd "$name"; done; :';

export interface UnixUsersFound {
  readonly self: UnixAccount;
  readonly users: ReadonlyMap<string, UnixUser>;
}

/** The users with these names on the host, and the user of the commands there. @throws SlurmUnavailableError */
export async function findUnixUsers(host: Transport, names: readonly string[]): Promise<UnixUsersFound> {
  const args = ['-c', FIND_USERS, 'sh', ...new Set(names)];
  const { stdout } = await host.run({ program: '/bin/sh', args, timeoutMs: TIMEOUT_MS }).catch(throwUnavailable);
  const [first = '', ...lines] = stdout.split('\n');
  const [, uid, name] = /^(\d+):(.+)$/.exec(first) ?? [];
  if (uid === undefined || name === undefined)
    throw new SlurmUnavailableError(`the Unix user that runs commands on ${host.name} is unknown: run \`id\` there`);
  return {
    self: { name, uid: Number(uid) },
    users: new Map(lines.flatMap(parsePasswd).map((user) => [user.name, user])),
  };
}

/** A line of passwd(5). */
function parsePasswd(line: string): UnixUser[] {
  const [name = '', , uid = '', , , home = ''] = line.split(':');
  return /^\d+$/.test(uid) && home.startsWith('/') ? [{ name, uid: Number(uid), home }] : [];
}

/** More users would keep a large service busy at each start. */
const MOST_TEST_USERS = 10;

/**
 * The Unix users as whom a template is checked with sbatch, until one of them may submit it: accounts, partitions and QOS differ between
 * users, and the user of the daemon may have no Slurm account. Undefined is the user of the daemon, also if the users cannot be read.
 */
export async function findTestUsers(
  host: Transport,
  { userMap, minUid }: Pick<SlurmSettings, 'userMap' | 'minUid'>,
): Promise<readonly (string | undefined)[]> {
  const names = Object.values(userMap);
  if (names.length === 0) return [undefined];
  try {
    const found = await findUnixUsers(host, names);
    const map = resolveUserMap(userMap, { ...found, people: [], selfInClearml: '', minUid });
    const mapped = mappedUsers(map).map(({ name }) => name);
    const all = mapsToSelf(userMap, found) || mapped.length === 0 ? [undefined, ...mapped] : mapped;
    return all.slice(0, MOST_TEST_USERS);
  } catch (error) {
    if (error instanceof SlurmUnavailableError) return [undefined];
    throw error;
  }
}

/** Whether the map lets jobs run as the user of the daemon. */
export function mapsToSelf(userMap: Readonly<Record<string, string>>, { self }: Pick<UnixUsersFound, 'self'>): boolean {
  return Object.values(userMap).includes(self.name);
}

/** The users of the ClearML server. */
export interface PeopleSource {
  readonly people: readonly ClearmlUser[];
  /** The user of our own key. */
  readonly self: string;
}

/**
 * The users of the server, whose names the map may contain. A map of ids needs no names, so a server may then refuse to list its users.
 * @throws ServerRefusedError, as without the names the tasks of users would be rejected; and what the client throws
 */
export async function readNamedPeople(
  people: { all(): Promise<readonly ClearmlUser[]> },
  written: Readonly<Record<string, string>>,
): Promise<readonly ClearmlUser[]> {
  try {
    return await people.all();
  } catch (error) {
    if (error instanceof ServerRefusedError && !Object.keys(written).some(mayBeName)) return [];
    throw error;
  }
}

/**
 * The resolved map; undefined if the setting is empty, so that all jobs run as the user of the daemon.
 * @throws SlurmUnavailableError
 */
export async function openUserMap(
  { userMap, minUid }: Pick<SlurmSettings, 'userMap' | 'minUid'>,
  host: Transport,
  readPeople: () => Promise<PeopleSource>,
): Promise<UserMap | undefined> {
  const names = Object.values(userMap);
  if (names.length === 0) return undefined;
  const found = await findUnixUsers(host, names);
  const { people, self } = await readPeople();
  // One user may not exist, but hardly all of several: getent(1) exits with 2 for both an unknown user and a directory that is down.
  if (new Set(names).size > 1 && !names.some((name) => found.users.has(name)))
    throw new SlurmUnavailableError(
      `no Unix user of agent.slurm.user_map is found on ${host.name}: the users do not exist, or the directory service there (LDAP, SSSD) does not respond. Run \`getent passwd ${names[0] ?? ''}\` there`,
    );
  const facts: UserMapFacts = { ...found, people, selfInClearml: self, minUid };
  return resolveUserMap(userMap, facts);
}
