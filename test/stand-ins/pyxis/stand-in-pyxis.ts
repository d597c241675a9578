// Builds the stand-in for Pyxis (stand-in-pyxis.c) and the lines of slurm.conf that load it.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { slurmRoot, type SlurmVersion } from '../../set-up/slurm-roots.mjs';
import { sharedDirectories } from '../../support/slurm-root.ts';

const run = promisify(execFile);

const SOURCE = fileURLToPath(new URL('stand-in-pyxis.c', import.meta.url));

export interface PyxisDirectories {
  /** For what is built; the nodes must see it. */
  readonly folder: string;
  /** Images by name: `REGISTRY/NAME:TAG` below it is a folder; Docker Hub is `registry-1.docker.io`. */
  readonly images: string;
}

/** Lines for the end of slurm.conf of a cluster of this release, which must be one of those in a Debian root. */
export async function buildPyxisStandIn(
  version: SlurmVersion,
  { folder, images }: PyxisDirectories,
): Promise<string[]> {
  const plugin = join(folder, 'stand-in-pyxis.so');
  const flags = ['-shared', '-fPIC', '-D_GNU_SOURCE', '-Wall', '-Werror'];
  const number = await versionNumber(slurmRoot(version));
  await run('gcc', [...flags, `-DSLURM_VERSION=${String(number)}`, '-o', plugin, SOURCE]);
  const plugins = join(folder, 'plugstack.conf');
  const shared = sharedDirectories().map((path) => `shared=${path}`);
  const words = ['apptainer=/usr/bin/apptainer', `images=${images}`, `tmp=${join(folder, 'tmp')}`, ...shared];
  await writeFile(plugins, `required ${plugin} ${words.join(' ')}\n`);
  return [`PlugStackConfig=${plugins}`];
}

/** As SLURM_VERSION_NUMBER in slurm_version.h: a byte for each of 26.05.5. */
async function versionNumber(root: string): Promise<number> {
  const packages = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8');
  const found = /^Package: slurmd\n(?:\S.*\n| .*\n)*?Version: (\d+)\.(\d+)\.(\d+)/m.exec(packages);
  const [, major = 0, minor = 0, micro = 0] = (found ?? []).map(Number);
  return major * 0x1_00_00 + minor * 0x1_00 + micro;
}
