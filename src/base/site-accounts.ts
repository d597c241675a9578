// Which accounts and groups belong to the site, not to a user: all users of the machine run their files anyway.
import { readFileSync } from 'node:fs';

export interface SiteAccounts {
  /** The uid of `slurm`, who runs the controller and often owns slurm.conf; undefined if there is no such user. */
  readonly slurmUid: number | undefined;
  readonly slurmGid: number | undefined;
}

/** Lower uids are system accounts: UID_MIN of login.defs(5), and the same in systemd's uid ranges. */
const FIRST_PERSON = 1000;
/** Lower gids are system groups of distributions, such as root and staff; 100 is `users`, which contains all users. */
const FIRST_COMMON_GROUP = 100;

export function isSiteUser(uid: number, { slurmUid }: SiteAccounts): boolean {
  return uid < FIRST_PERSON || uid === slurmUid;
}

export function isSiteGroup(gid: number, { slurmGid }: SiteAccounts): boolean {
  return gid < FIRST_COMMON_GROUP || gid === slurmGid;
}

/** Reads the files of this machine. */
export function siteAccounts(): SiteAccounts {
  return { slurmUid: numberOf('slurm', '/etc/passwd'), slurmGid: numberOf('slurm', '/etc/group') };
}

function numberOf(name: string, file: string): number | undefined {
  try {
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .find((one) => one.startsWith(`${name}:`));
    return line === undefined ? undefined : Number(line.split(':')[2]);
  } catch {
    // Without the file, the name is unknown.
    return undefined;
  }
}
