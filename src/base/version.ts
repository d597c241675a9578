// The version, as package.json says it: the one place.
import { readFile } from 'node:fs/promises';
import { packagePath } from './package-path.ts';

const FILE = packagePath('package.json');

/** Read by hand: nobody who asks for the version shall wait until a checker of shapes is loaded. */
export async function readVersion(): Promise<string> {
  const read: unknown = JSON.parse(await readFile(FILE, 'utf8'));
  if (typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string')
    return read.version;
  throw new Error(`${FILE} names no version: install clearml-agent-slurm again`);
}

/** Which of several programs of this name it is: the one of ClearML's Enterprise plan has the same name. */
export function programText(version: string): string {
  return `clearml-agent-slurm ${version} (the open one, not ClearML's Enterprise program)`;
}

/** Which it is, and where it stands. */
export async function versionText(): Promise<string> {
  return `${programText(await readVersion())}\n${packagePath('')} with Node ${process.version}\n`;
}
