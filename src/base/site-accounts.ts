// Which accounts and groups are the site's own rather than a person's: what they own, all users of the machine run anyway.
import { readFileSync } from 'node:fs';

export interface SiteAccounts {
  /** The number of the user `slurm`, who runs the controller and often owns slurm.conf; undefined where there is none. */
  readonly slurmUid: number | undefined;
  readonly slurmGid: number | undefined;
}

/** Below it are no persons: UID_MIN of login.defs(5), and the same in systemd's uid ranges. */
const FIRST_PERSON = 1000;
/** Below it are groups that distributions make for the system, such as root and staff; 100 is `users`, which has all persons in it. */
const FIRST_COMMON_GROUP = 100;

export function isSiteUser(uid: number, { slurmUid }: SiteAccounts): boolean {
  return uid < FIRST_PERSON || uid === slurmUid;
}

export function isSiteGroup(gid: number, { slurmGid }: SiteAccounts): boolean {
  return gid < FIRST_COMMON_GROUP || gid === slurmGid;
}

/** As this machine's own files have them. */
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
    // Without the file nobody is known by this name.
    return undefined;
  }
}
