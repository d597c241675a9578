// Finds out how this program was installed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packagePath } from './package-path.ts';

/** Set by the build of the single file. */
declare const IS_SINGLE_FILE: boolean | undefined;

export interface Installation {
  /** A phrase such as `installed by pip in`. */
  readonly how: string;
  /** A directory, or the path of the single file. */
  readonly place: string;
}

/** Whether the program and Node are one executable file. */
export function isSingleFile(): boolean {
  return typeof IS_SINGLE_FILE !== 'undefined' && IS_SINGLE_FILE;
}

/** Reads only directories: `--version` starts no program. */
export function readInstallation(): Installation {
  if (isSingleFile()) return { how: 'single file', place: process.execPath };
  const place = packagePath('').replace(/\/$/, '');
  if (existsSync(join(place, 'src/cli/main.ts'))) return { how: 'built from source in', place };
  const parent = dirname(place);
  if (basename(parent) === 'node_modules') return { how: 'installed by npm in', place };
  const installer = pythonInstaller(parent);
  return { how: installer === undefined ? 'unpacked in' : `installed by ${installer} in`, place };
}

/** The program that installed the wheel, as it recorded in the wheel's metadata (PyPA, Recording installed projects). */
function pythonInstaller(sitePackages: string): string | undefined {
  const metadata = readdirSync(sitePackages).find((name) => /^clearml_agent_slurm-.*\.dist-info$/.test(name));
  if (metadata === undefined) return undefined;
  try {
    return readFileSync(join(sitePackages, metadata, 'INSTALLER'), 'utf8').trim() || 'a Python installer';
  } catch {
    return 'a Python installer';
  }
}
