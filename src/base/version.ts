// The version, from package.json.
import { readFile } from 'node:fs/promises';
import { packagePath } from './package-path.ts';

const FILE = packagePath('package.json');

/** Checks the file without zod, whose loading would delay `--version`. */
export async function readVersion(): Promise<string> {
  const read: unknown = JSON.parse(await readFile(FILE, 'utf8'));
  if (typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string')
    return read.version;
  throw new Error(`${FILE} names no version: install clearml-agent-slurm again`);
}

/** Distinguishes this program from the one of ClearML's Enterprise plan, which has the same name. */
export function programText(version: string): string {
  return `clearml-agent-slurm ${version} (the open one, not ClearML's Enterprise program)`;
}

/** The version, and the directory of the installation. */
export async function versionText(): Promise<string> {
  return `${programText(await readVersion())}\n${packagePath('')} with Node ${process.version}\n`;
}
