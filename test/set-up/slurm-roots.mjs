// Makes a Debian root folder for each Slurm release that the tests run on and this machine does not have, once, and keeps it.
import { mkdirSync, readdirSync, renameSync, existsSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hasProgram, lastLines, runCommand } from './command.mjs';

/** The releases that the tests run on, oldest first, and the Debian suite that has each. */
export const SLURM_RELEASES = /** @type {const} */ ([
  { version: '20.11', suite: 'bullseye' },
  { version: '22.05', suite: 'bookworm' },
  { version: '24.11', suite: 'trixie' },
  { version: '26.05', suite: 'sid' },
]);

/** @typedef {(typeof SLURM_RELEASES)[number]['version']} SlurmVersion */

const FOLDER = resolve(import.meta.dirname, '../../.test-cache/slurm');
const MIRROR = 'http://deb.debian.org/debian';

const OPTIONS = [
  '--variant=minbase',
  // A root that a crash of the machine destroys is made again.
  '--dpkgopt=force-unsafe-io',
  // /bin, /sbin and /lib are links into /usr in the oldest suite too, as its installer makes them.
  '--setup-hook=/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh',
  // A mirror may be weeks old.
  '--aptopt=Acquire::Check-Valid-Until "false"',
];

/** What the cluster's daemons and its jobs need; the database itself runs outside. */
const PACKAGES = ['slurm-wlm', 'slurmdbd', 'munge', 'procps', 'iproute2', 'python3'];

/** Apptainer, which answers to `singularity` too, and what it needs for images in files. No older suite has it. */
const CONTAINER_PACKAGES = ['apptainer', 'squashfuse', 'fuse2fs'];

/** The release whose root has Apptainer. */
export const APPTAINER_BESIDE = '26.05';

/** @param {SlurmVersion} version */
function packagesFor(version) {
  return version === APPTAINER_BESIDE ? [...PACKAGES, ...CONTAINER_PACKAGES] : PACKAGES;
}

/**
 * Where the root of this release is, or is to be made.
 * @param {SlurmVersion} version
 */
export function slurmRoot(version) {
  return `${FOLDER}/${suiteOf(version)}`;
}

/** @param {SlurmVersion} version */
function suiteOf(version) {
  const release = SLURM_RELEASES.find((candidate) => candidate.version === version);
  if (release === undefined) throw new RangeError(`no Debian suite is known to have Slurm ${version}`);
  return release.suite;
}

/**
 * Whether the root of this release is there, whole and as it is wanted today.
 * @param {SlurmVersion} version
 */
export function hasSlurmRoot(version) {
  return existsSync(contentsFile(slurmRoot(version), version));
}

/** The release that this machine's own packages are, such as `22.05`; undefined where there is no Slurm. */
export async function ownSlurmVersion() {
  // slurmd alone tells its version where there is no slurm.conf.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const { exitCode, output } = await runCommand('slurmd', ['-V'], { env });
  return exitCode === 0 ? /(\d+\.\d+)\.\d+/.exec(output)?.[1] : undefined;
}

/** The releases that the tests run on in a root. */
export async function otherSlurmReleases() {
  const own = await ownSlurmVersion();
  return SLURM_RELEASES.map(({ version }) => version).filter((version) => version !== own);
}

/**
 * Makes what is missing, all at once.
 * @returns {Promise<import('./command.mjs').InstallResult>}
 */
export async function installSlurmRoots() {
  const versions = await otherSlurmReleases();
  const wanted = versions.filter((version) => !hasSlurmRoot(version));
  if (wanted.length === 0)
    return { missing: [], says: `Slurm ${versions.join(', ')}: each in a Debian root in .test-cache` };

  const obstacle = whyNotMakeable();
  if (obstacle !== undefined) {
    return { missing: [`There is no Slurm ${wanted.join(', no ')} here, and ${obstacle}.`], says: '' };
  }
  mkdirSync(FOLDER, { recursive: true });
  await removeAbandoned();
  const problems = await Promise.all(wanted.map(makeRoot));
  return {
    missing: problems.filter((problem) => problem !== undefined),
    says: `made a Debian root for Slurm ${wanted.join(', ')}`,
  };
}

function whyNotMakeable() {
  if (process.getuid?.() !== 0) return 'only root can make a Debian root for it';
  if (!hasProgram('mmdebstrap')) return 'this machine has no mmdebstrap to make a Debian root for it';
  return undefined;
}

/**
 * Under a temporary name until it is complete, so that another process never finds half a root.
 * @param {SlurmVersion} version
 */
async function makeRoot(version) {
  const suite = suiteOf(version);
  const root = slurmRoot(version);
  const draft = `${root}.draft-${process.pid}`;
  // In a separate mount namespace: the mounts of mmdebstrap disappear with it, even if it is killed.
  const { exitCode, output } = await runCommand('unshare', [
    '--mount',
    'mmdebstrap',
    ...OPTIONS,
    `--include=${packagesFor(version).join(',')}`,
    suite,
    draft,
    MIRROR,
  ]);
  if (exitCode !== 0) {
    await rm(draft, { recursive: true, force: true });
    return `mmdebstrap could not make a root of Debian ${suite} for Slurm ${version}: ${lastLines(output)}`;
  }
  if (version === APPTAINER_BESIDE) await forbidCapabilities(draft);
  writeFileSync(contentsFile(draft, version), '');
  if (hasSlurmRoot(version)) {
    await rm(draft, { recursive: true, force: true });
    return undefined;
  }
  await rm(root, { recursive: true, force: true });
  renameSync(draft, root);
  return undefined;
}

/** Drafts whose maker was killed. */
async function removeAbandoned() {
  const abandoned = readdirSync(FOLDER).filter((name) => {
    const maker = /\.draft-(\d+)$/.exec(name)?.[1];
    return maker !== undefined && !existsSync(`/proc/${maker}`);
  });
  await Promise.all(abandoned.map((name) => rm(`${FOLDER}/${name}`, { recursive: true, force: true })));
}

/**
 * Written last, and named after the packages: a root of other packages is built again.
 * @param {string} root
 * @param {SlurmVersion} version
 */
function contentsFile(root, version) {
  return `${root}/.made-of-${packagesFor(version).join('-')}`;
}

/**
 * The tests' jobs may be root's, who on a virtual machine need not have every capability that Apptainer would ask for.
 * @param {string} root
 */
async function forbidCapabilities(root) {
  const path = `${root}/etc/apptainer/apptainer.conf`;
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/^root default capabilities = .*$/m, 'root default capabilities = no'));
}
