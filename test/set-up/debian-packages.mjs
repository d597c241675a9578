// Installs the programs that the tests and the demo need from Debian's packages, where this machine lacks them and we are root.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { hasProgram, lastLines, runCommand } from './command.mjs';

export const TORCH = 'torchrun';

/**
 * Which package to install when which program is missing, and what only the tests of the second tier need.
 * @type {readonly { program: string, package: string, isOfSecondTier?: true }[]}
 */
const PACKAGES = [
  { program: 'slurmctld', package: 'slurmctld' },
  { program: 'slurmd', package: 'slurmd' },
  { program: 'sbatch', package: 'slurm-client' },
  { program: 'munged', package: 'munge' },
  { program: 'slurmdbd', package: 'slurmdbd', isOfSecondTier: true },
  // The server alone: no service and no database of the system come with it.
  { program: 'mariadbd', package: 'mariadb-server-core', isOfSecondTier: true },
  { program: 'my_print_defaults', package: 'mariadb-client-core', isOfSecondTier: true },
  { program: 'sshd', package: 'openssh-server' },
  { program: 'ssh', package: 'openssh-client' },
  // Runs jobs as several Unix users.
  { program: 'sudo', package: 'sudo', isOfSecondTier: true },
  // Login shells that read a command in ways of their own, and a small one that people have as /bin/sh.
  { program: 'tcsh', package: 'tcsh' },
  { program: 'fish', package: 'fish' },
  { program: 'zsh', package: 'zsh' },
  { program: 'busybox', package: 'busybox' },
  { program: 'shellcheck', package: 'shellcheck' },
  { program: 'git', package: 'git' },
  // The probe of doctor asks the server with it.
  { program: 'curl', package: 'curl' },
  // Makes a file append-only, like a failing disk.
  { program: 'chattr', package: 'e2fsprogs' },
  // Shows the manual.
  { program: 'groff', package: 'groff-base' },
  // Makes Debian roots with other releases of Slurm: twice as fast as debootstrap.
  { program: 'mmdebstrap', package: 'mmdebstrap', isOfSecondTier: true },
  // A registry of container images, to pull from.
  { program: 'docker-registry', package: 'docker-registry', isOfSecondTier: true },
  // Shows the status page, and scrapes the daemon.
  { program: 'chromium', package: 'chromium', isOfSecondTier: true },
  // Sends the daemon's messages to systemd, which need not run.
  { program: 'systemd-notify', package: 'systemd', isOfSecondTier: true },
  { program: 'prometheus', package: 'prometheus', isOfSecondTier: true },
  // Builds the stand-in for Pyxis. The headers of C come along with the compiler of C++ only.
  { program: 'g++', package: 'g++', isOfSecondTier: true },
  // PyTorch without CUDA: 170 packages, of which 150 MB are downloaded and 650 MB installed. The wheel is larger.
  { program: TORCH, package: 'python3-torch', isOfSecondTier: true },
];

/**
 * The programs that the tests of these tiers need.
 * @param {readonly import('../runner/lanes.mjs').Tier[]} tiers
 */
export function packagesOfTiers(tiers) {
  return PACKAGES.filter((entry) => tiers.includes('second') || entry.isOfSecondTier !== true).map(
    (entry) => entry.program,
  );
}

/**
 * Installs python3-venv, and what these programs need: all that the tests use, unless told otherwise.
 * @param {readonly string[]} [programs]
 * @returns {Promise<import('./command.mjs').InstallResult>}
 */
export async function installDebianPackages(programs = PACKAGES.map((entry) => entry.program)) {
  const wanted = await missingDebianPackages(programs);
  if (wanted.length === 0)
    return {
      missing: [],
      says: `${programs.join(', ')} and python3-venv are there`,
    };
  const obstacle = whyNotInstallable();
  if (obstacle !== undefined)
    return { missing: [`There is no ${wanted.join(', no ')} here, and ${obstacle}.`], says: '' };

  const problem = await withoutStartingServices(() => aptInstall(wanted));
  const still = await missingDebianPackages(programs);
  if (still.length > 0) return { missing: [`apt-get could not install ${still.join(', ')}: ${problem}`], says: '' };
  return { missing: [], says: `installed ${wanted.join(', ')}` };
}

/**
 * The packages to install for these programs, and python3-venv.
 * @param {readonly string[]} programs
 */
export async function missingDebianPackages(programs) {
  const names = PACKAGES.filter((entry) => programs.includes(entry.program) && !hasProgram(entry.program)).map(
    (entry) => entry.package,
  );
  const venv = await runCommand('/usr/bin/python3', ['-c', 'import ensurepip, venv']);
  return venv.exitCode === 0 ? names : [...names, 'python3-venv'];
}

/** As a phrase; undefined where they can be installed. */
export function whyNotInstallable() {
  if (process.getuid?.() !== 0) return 'only root can install it';
  if (!hasProgram('apt-get')) return 'this machine has no apt-get to install it with';
  return undefined;
}

/** @param {readonly string[]} packages */
async function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = await runCommand('apt-get', ['update'], { env });
  const install = await runCommand('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env });
  return lastLines(update.exitCode === 0 ? install.output : update.output);
}

/** The policy file that Debian's package scripts ask before they start a service (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * The tests bring their own daemons: nobody who runs them wants an sshd on port 22 from it.
 * @param {() => Promise<string>} work
 */
async function withoutStartingServices(work) {
  if (existsSync(POLICY)) return work();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(POLICY);
  }
}
