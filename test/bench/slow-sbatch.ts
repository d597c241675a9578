// A wrapper that delays sbatch, like a distant or busy controller.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Where Debian has Slurm's commands. */
const SYSTEM_PATH = '/usr/bin';

/** How much longer, where a figure has no reason to take another. */
export const SLOWER_MS = 50;

/** @returns a PATH that starts with its directory */
export async function writeSlowSbatch(folder: string, path: string, slowerMs = SLOWER_MS): Promise<string> {
  const bin = join(folder, 'slow');
  await mkdir(bin);
  const script = `#!/bin/sh\nsleep ${slowerMs / 1000}\nPATH='${path}' exec sbatch "$@"\n`;
  await writeFile(join(bin, 'sbatch'), script, { mode: 0o755 });
  return `${bin}${delimiter}${path}`;
}

/** @returns a directory with it and Slurm's other commands, for `slurm_bin_dir` */
export async function writeSlowSlurm(folder: string): Promise<string> {
  await writeSlowSbatch(folder, SYSTEM_PATH);
  const bin = join(folder, 'slow');
  for (const command of ['squeue', 'sacct', 'scancel', 'scontrol', 'sinfo']) {
    await symlink(join(SYSTEM_PATH, command), join(bin, command));
  }
  return bin;
}
