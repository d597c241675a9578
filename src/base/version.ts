// The version, from package.json, and how the program was installed.
import { readPackageFile } from './package-path.ts';
import { readInstallation } from './installation.ts';

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
