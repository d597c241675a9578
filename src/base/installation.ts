// Where this program is installed: its files, its version from package.json, and how it was installed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The build keeps the depth of this file: the relative path to the root is the same in `src` and `dist`. */
const PACKAGE_FOLDER = new URL('../../', import.meta.url);

/** Set by the build: the texts of the files, by their paths in the package, as JSON. */
declare const EMBEDDED_FILES: string | undefined;

/** The absolute path of a file in the package; the root of the package for an empty path. */
export function packagePath(inside: string): string {
  return fileURLToPath(new URL(inside, PACKAGE_FOLDER));
}

const texts = new Map(
  Object.entries(
    typeof EMBEDDED_FILES === 'undefined' ? {} : (JSON.parse(EMBEDDED_FILES) as Readonly<Record<string, string>>),
  ),
);

/**
 * The text of a file of the package. The built program contains it, and otherwise it is read once: an upgrade cannot change it while a
 * daemon runs.
 */
export function readPackageFile(inside: string): string {
  const text = texts.get(inside) ?? readFileSync(packagePath(inside), 'utf8');
  texts.set(inside, text);
  return text;
}

/** Set by the build of the single file. */
declare const IS_SINGLE_FILE: boolean | undefined;

interface Installation {
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
function readInstallation(): Installation {
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

const FILE = 'package.json';

/** Checks the file without zod, whose loading would delay `--version`. */
export function readVersion(): string {
  const read: unknown = JSON.parse(readPackageFile(FILE));
  if (typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string')
    return read.version;
  throw new Error(`${FILE} names no version: install clearml-agent-slurm again`);
}

/** Distinguishes this program from the one of ClearML's Enterprise plan, which has the same name. */
export function programText(version: string): string {
  return `clearml-agent-slurm ${version} (open source, not ClearML's Enterprise program)`;
}

/** The version, how and where the program was installed, and the Node that runs it. */
export function versionText(): string {
  const { how, place } = readInstallation();
  return `${programText(readVersion())}\n${how} ${place}, with Node ${process.version} (${process.execPath})\n`;
}
