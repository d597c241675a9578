// Checks that no user except this one and root can change a path on this machine. templates/partials/trust.sh.mustache has the same rule for jobs.
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** One file, directory, socket or symbolic link in the resolution of a path. */
export interface PathStep {
  readonly path: string;
  readonly kind: 'folder' | 'link' | 'socket' | 'file';
  /** The permission bits, as in chmod(2). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The complete resolution of a path, from the root down. */
export interface PathSteps {
  readonly steps: readonly PathStep[];
  /** Whether the path exists; if not, the steps end at the nearest existing directory. */
  readonly isWhole: boolean;
}

export interface Trust {
  /** The uid of this user. */
  readonly uid: number;
  /** A group whose members are also trusted. */
  readonly group?: number | undefined;
  /**
   * Set in a user namespace, such as in a container: the id that represents unmapped owners (user_namespaces(7)).
   * It is trusted like root, and like the trusted group.
   */
  readonly unmapped?: number | undefined;
  /** Set for programs of the site and their files: system accounts are trusted like root. */
  readonly site?: SiteAccounts | undefined;
}

const STICKY = 0o1000;

/**
 * Why another user can change the file or directory, as the beginning of a sentence: `/data can be written by group 100 (mode 775)`.
 * Like StrictModes of sshd_config(5): this user or root owns each step, and no other user can write to it. For all but the last
 * step, a sticky directory is enough, because others cannot remove entries of it. Write permissions below a directory that only
 * this user can enter, such as a home directory of mode 700, do not matter. No group is assumed to be the private group of the
 * user: it may have other members, and with an access list, stat(2) shows the mask instead of the group's rights (acl(5)). Pure.
 */
export function findDistrust({ steps, isWhole }: PathSteps, trust: Trust): string | undefined {
  let closed: string | undefined;
  for (const [index, step] of steps.entries()) {
    const isAbove = !isWhole || index < steps.length - 1;
    const isInside = closed !== undefined && step.path.startsWith(`${closed}/`);
    const why = whyNot(step, { isAbove, isInside }, trust);
    if (why !== undefined) return `${step.path} ${why}`;
    if (!isInside) closed = isPrivateFolder(step, trust) ? step.path : undefined;
  }
  return undefined;
}

/**
 * Why another user can change the file or directory or, if it does not exist, create it first: then the directory that would
 * contain it must be closed to others, even if it is sticky like /tmp. Pure.
 */
export function findNameDistrust(path: PathSteps, trust: Trust): string | undefined {
  const why = findDistrust(path, trust);
  if (why !== undefined || path.isWhole) return why;
  const folder = path.steps.findLastIndex(({ kind }) => kind === 'folder');
  return findDistrust({ steps: path.steps.slice(0, folder + 1), isWhole: true }, trust);
}

function isPrivateFolder({ kind, mode, uid }: PathStep, trust: Trust): boolean {
  return kind === 'folder' && uid === trust.uid && (mode & 0o077) === 0;
}

function whyNot(
  { kind, mode, uid, gid }: PathStep,
  { isAbove, isInside }: { readonly isAbove: boolean; readonly isInside: boolean },
  trust: Trust,
): string | undefined {
  const { unmapped } = trust;
  const isHidden = (id: number): boolean => unmapped !== undefined && id === unmapped;
  const isOfGroup = trust.group !== undefined && (gid === trust.group || isHidden(gid));
  const { site } = trust;
  const isOfSite = site !== undefined && isSiteUser(uid, site);
  const isOurs = uid === trust.uid || uid === 0 || isHidden(uid) || isOfGroup || isOfSite;
  if (!isOurs) return `belongs to another user (uid ${uid})`;
  if (kind === 'link' || isInside) return undefined;
  const guarded = isAbove && kind === 'folder' && (mode & STICKY) !== 0;
  const shown = `(mode ${mode.toString(8)})`;
  // Every user could create an entry of the trusted group in such a directory.
  if ((mode & 0o002) !== 0 && (!guarded || isOfGroup)) return `can be written by everybody ${shown}`;
  const isClosedGroup = isOfGroup || (site !== undefined && isSiteGroup(gid, site));
  if ((mode & 0o020) !== 0 && !guarded && !isClosedGroup) return `can be written by group ${gid} ${shown}`;
  return undefined;
}

/** Whether another user can read the file, as a member of its group or as any user. Pure. */
export function isReadableByOthers({ steps, isWhole }: PathSteps): boolean {
  const file = steps.at(-1);
  if (!isWhole || file === undefined) return false;
  const folders = steps.slice(0, -1).filter(({ kind }) => kind === 'folder');
  if ((file.mode & 0o004) !== 0 && folders.every(({ mode }) => (mode & 0o001) !== 0)) return true;
  return (file.mode & 0o040) !== 0 && folders.every(({ mode }) => (mode & 0o011) !== 0);
}

/** The kernel's limit of links (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Resolves a path from the root down. No other user can change a step that was found to be trusted, so this order closes the
 * race between check and use.
 * @throws the errors of the file system, except for a missing path
 */
export function inspectPath(path: string): PathSteps {
  const steps: PathStep[] = [stepAt('/')];
  const left = partsOf(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  let at = '/';
  let links = 0;
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    if (part === '..') {
      at = join(at, '..');
      // Checked again: it may be the last step now, where a sticky directory is not enough.
      steps.push(stepAt(at));
      continue;
    }
    const next = join(at, part);
    let step: PathStep;
    try {
      step = stepAt(next);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return { steps, isWhole: false };
      throw error;
    }
    steps.push(step);
    if (step.kind !== 'link') {
      at = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw tooManyLinks(path);
    const target = readlinkSync(next);
    if (target.startsWith('/')) at = '/';
    left.unshift(...partsOf(target));
  }
  return { steps, isWhole: true };
}

/** As the kernel throws it when it opens the path. */
function tooManyLinks(path: string): Error {
  const message = `ELOOP: too many symbolic links encountered, stat '${path}'`;
  return Object.assign(new Error(message), { code: 'ELOOP', syscall: 'stat' });
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function stepAt(path: string): PathStep {
  const stat = lstatSync(path);
  return { path, kind: kindOf(stat), mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
}

function kindOf(stat: Stats): PathStep['kind'] {
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isDirectory()) return 'folder';
  return stat.isSocket() ? 'socket' : 'file';
}

/** What this process trusts. @param group also */
export function ownTrust(group?: number): Trust {
  return { uid: process.geteuid?.() ?? 0, group, unmapped: isInUserNamespace() ? 65_534 : undefined };
}

function isInUserNamespace(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return false;
  }
}

/** Why another user can change this path, or undefined. @throws the errors of the file system */
export function distrustOf(path: string, group?: number): string | undefined {
  return findDistrust(inspectPath(path), ownTrust(group));
}

/** The accounts and groups that belong to the site, not to a user: all users of the machine run their files anyway. */
export interface SiteAccounts {
  /** The uid of `slurm`, who runs the controller and often owns slurm.conf; undefined if there is no such user. */
  readonly slurmUid: number | undefined;
  readonly slurmGid: number | undefined;
}

/** Lower uids are system accounts: UID_MIN of login.defs(5), and the same in systemd's uid ranges. */
const FIRST_PERSON = 1000;
/** Lower gids are system groups of distributions, such as root and staff; 100 is `users`, which contains all users. */
const FIRST_COMMON_GROUP = 100;

function isSiteUser(uid: number, { slurmUid }: SiteAccounts): boolean {
  return uid < FIRST_PERSON || uid === slurmUid;
}

function isSiteGroup(gid: number, { slurmGid }: SiteAccounts): boolean {
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
