// The Unix users of the simulated cluster.

/** The Unix users other than the daemon's. */
export const UNIX_USERS = [
  { name: 'alice', uid: 2001, home: '/home/alice' },
  { name: 'bob', uid: 2002, home: '/home/bob' },
] as const;

/** More of them, for tests of a cluster with many. */
export const MANY_UNIX_USERS = Array.from({ length: 20 }, (_, n) => ({
  name: `user${n + 1}`,
  uid: 3001 + n,
  home: `/home/user${n + 1}`,
}));

/** The daemon's own for any other name. */
export function uidOf(user: string | undefined): string {
  return String([...UNIX_USERS, ...MANY_UNIX_USERS].find(({ name }) => name === user)?.uid ?? 1000);
}
