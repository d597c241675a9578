// Whether a path on this machine is this user's own: nobody but the user and root can change what it names. The job script has the same rule in templates/partials/trust.sh.mustache.
import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isSiteGroup, isSiteUser, type SiteAccounts } from './site-accounts.ts';

/** One file, folder, socket or symbolic link on the way to what a path names. */
export interface PathStep {
  readonly path: string;
  readonly kind: 'folder' | 'link' | 'socket' | 'file';
  /** The permission bits, as chmod(2) takes them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** All that decides what a path names, from the root downwards. */
export interface PathSteps {
  readonly steps: readonly PathStep[];
  /** Whether the path is there; if not, the steps end at the nearest folder that is. */
  readonly isWhole: boolean;
}

export interface Trust {
  /** The user's own id. */
  readonly uid: number;
  /** A group whose members are trusted too. */
  readonly group?: number | undefined;
  /**
   * Set in a user namespace, as of a container: the id by which owners are shown that are not mapped into it (user_namespaces(7)).
   * There it counts as root's, and as the trusted group.
   */
  readonly unmapped?: number | undefined;
  /** Set for programs of the site, and what belongs to them: accounts that are no persons' are trusted like root. */
  readonly site?: SiteAccounts | undefined;
}

const STICKY = 0o1000;

/**
 * Why somebody else can change what the path names, as a sentence's beginning: `/data can be written by group 100 (mode 775)`.
 * As StrictModes of sshd_config(5): each step belongs to the user or root, and nobody else can write to it; above the last one a
 * sticky bit will do, which lets nobody remove what is not theirs. Who may write does not matter below a folder of the user that
 * lets nobody else in, such as a home folder of mode 700. No group is taken for the user's private one: another user may be in it,
 * and where there is an access list, stat(2) shows its mask in the place of the group's rights (acl(5)). Pure.
 */
export function findDistrust({ steps, isWhole }: PathSteps, trust: Trust): string | undefined {
  let closed: string | undefined;
  for (const [index, step] of steps.entries()) {
    const isAbove = !isWhole || index < steps.length - 1;
    const isInside = closed !== undefined && step.path.startsWith(`${closed}/`);
    const why = whyNot(step, { isAbove, isInside }, trust);
    if (why !== undefined) return `${step.path} ${why}`;
    if (!isInside) closed = letsNobodyIn(step, trust) ? step.path : undefined;
  }
  return undefined;
}

/**
 * Why somebody else can change what the path names or, where nothing is there yet, be the first to make it: then the folder that
 * would hold it must be closed to others even where it is sticky, as /tmp is. Pure.
 */
export function findNameDistrust(look: PathSteps, trust: Trust): string | undefined {
  const why = findDistrust(look, trust);
  if (why !== undefined || look.isWhole) return why;
  const folder = look.steps.findLastIndex(({ kind }) => kind === 'folder');
  return findDistrust({ steps: look.steps.slice(0, folder + 1), isWhole: true }, trust);
}

function letsNobodyIn({ kind, mode, uid }: PathStep, trust: Trust): boolean {
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
  // Everybody could make something of the trusted group in a folder of that group.
  if ((mode & 0o002) !== 0 && (!guarded || isOfGroup)) return `can be written by everybody ${shown}`;
  const isClosedGroup = isOfGroup || (site !== undefined && isSiteGroup(gid, site));
  if ((mode & 0o020) !== 0 && !guarded && !isClosedGroup) return `can be written by group ${gid} ${shown}`;
  return undefined;
}

/** Whether somebody else can read what the path names: as its group, or as anybody. Pure. */
export function isReadableByOthers({ steps, isWhole }: PathSteps): boolean {
  const file = steps.at(-1);
  if (!isWhole || file === undefined) return false;
  const folders = steps.slice(0, -1).filter(({ kind }) => kind === 'folder');
  if ((file.mode & 0o004) !== 0 && folders.every(({ mode }) => (mode & 0o001) !== 0)) return true;
  return (file.mode & 0o040) !== 0 && folders.every(({ mode }) => (mode & 0o011) !== 0);
}

/** More links than that the kernel does not follow either (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Looks at the way to what a path names, from the root downwards: what is found good can be changed by nobody else from
 * then on, so that the order closes the race between the look and the use.
 * @throws what the file system says, but for a path that is not there
 */
export function inspectPath(path: string): PathSteps {
  const steps: PathStep[] = [stepAt('/')];
  const left = partsOf(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  let at = '/';
  let links = 0;
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    if (part === '..') {
      at = join(at, '..');
      // Looked at once more: it may be the last one now, in which a sticky bit will not do.
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
    if (links > MOST_LINKS) throw new Error(`${path} has too many symbolic links`);
    const target = readlinkSync(next);
    if (target.startsWith('/')) at = '/';
    left.unshift(...partsOf(target));
  }
  return { steps, isWhole: true };
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

/** Why somebody else can change what this path names, or undefined. @throws what the file system says */
export function distrustOf(path: string, group?: number): string | undefined {
  return findDistrust(inspectPath(path), ownTrust(group));
}
