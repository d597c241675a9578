// Runs another release of Slurm: a Debian root in a mount namespace, with a command for each of its programs.
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { agentPythonOfRoot } from '../set-up/agent-venv.mjs';
import { ownSlurmVersion, slurmRoot, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { startDaemon, type ForegroundDaemon } from './foreground-daemon.ts';
import { agentPython } from './skip-unless.ts';

/** Whatever of them the root has. */
const PROGRAMS = [
  ...['munged', 'slurmctld', 'slurmd', 'slurmdbd'],
  ...['sbatch', 'squeue', 'scancel', 'scontrol', 'sinfo', 'srun', 'sacct', 'sacctmgr'],
  'apptainer',
];

/**
 * Makes the root the whole file system of this process and its children, then waits to be ended.
 * What is shared stands at the same path inside: the folders of tests, this checkout, and who the users are. The root
 * itself is read-only, so that clusters share it and runs leave it as it was. The commands that lead inside are
 * hidden there: a job finds the real ones, wherever its PATH came from. Images in files are mounted by way of /dev/fuse,
 * which udev opens to all users, and a virtual machine without udev does not.
 */
const ENTER = `
set -eu
root=$1 ready=$2 commands=$3
shift 3
mount --bind "$root" "$root"
for folder in /proc /sys /dev; do mount --rbind "$folder" "$root$folder"; done
mount -t tmpfs tmpfs "$root/run"
if [ -e /dev/fuse ]; then
  mknod -m 666 "$root/run/fuse" c 10 229
  mount --bind "$root/run/fuse" "$root/dev/fuse"
fi
for file in /etc/hosts /etc/passwd /etc/group; do
  touch -a "$root$file"
  mount --bind "$file" "$root$file"
done
for folder; do
  mkdir -p "$root$folder"
  mount --bind "$folder" "$root$folder"
done
mount -t tmpfs tmpfs "$root$commands"
mount -o remount,bind,ro "$root"
cd "$root"
pivot_root . .
umount -l .
echo $$ >"$ready.new"
mv "$ready.new" "$ready"
exec sleep infinity
`;

export interface SlurmRoot {
  /** Commands that run the root's programs inside, in the working directory and environment they are called with. */
  readonly binDir: string;
  /** What keeps the namespace: ended last. */
  readonly keeper: ForegroundDaemon;
}

/** The root of this release, or undefined where the machine's own Slurm is of it. */
export async function rootFor(version: SlurmVersion | undefined): Promise<string | undefined> {
  return version === undefined || version === (await ownSlurmVersion()) ? undefined : slurmRoot(version);
}

/** The Python that has the real agent where the jobs of this release run: in its root, that is another version of Python. */
export async function agentPythonFor(version: SlurmVersion | undefined): Promise<string> {
  const root = await rootFor(version);
  return root === undefined ? agentPython() : agentPythonOfRoot(root);
}

/** What the tests' jobs need of this machine: this checkout, and its cache, which may be a link to that of another checkout. */
export function sharedDirectories(): string[] {
  const checkout = resolve(import.meta.dirname, '../..');
  return [checkout, realpathSync(join(checkout, '.test-cache'))];
}

/** Opens the root for one cluster, whose folder must be in the system's temporary one. It needs root. */
export async function enterRoot(root: string, folder: string): Promise<SlurmRoot> {
  const ready = join(folder, 'namespace.pid');
  const binDir = join(folder, 'bin');
  mkdirSync(binDir);
  const shared = [tmpdir(), ...sharedDirectories()];
  const keeper = await startDaemon({
    name: `the namespace of ${root}`,
    program: 'unshare',
    args: ['--mount', 'sh', '-c', ENTER, 'enter', root, ready, binDir, ...shared],
    logPath: join(folder, 'namespace.log'),
  });
  await keeper.untilReady(() => existsSync(ready));
  const pid = readFileSync(ready, 'utf8').trim();
  for (const program of PROGRAMS) {
    const path = ['/usr/bin', '/usr/sbin'].map((place) => `${place}/${program}`).find((place) => isThere(root + place));
    if (path !== undefined) writeCommand(join(binDir, program), pid, path);
  }
  return { binDir, keeper };
}

/** `exec` all the way: the program keeps the process id under which its caller knows it. */
function writeCommand(command: string, pid: string, program: string): void {
  const enter = `exec nsenter --mount=/proc/${pid}/ns/mnt --wdns="$PWD" -- ${program} "$@"`;
  writeFileSync(command, `#!/bin/sh\n${enter}\n`);
  chmodSync(command, 0o755);
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
