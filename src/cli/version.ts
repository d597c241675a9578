// The version, as package.json says it: the one place.
import { readFile } from 'node:fs/promises';

const FILE = new URL('../../package.json', import.meta.url);

/** Read by hand: nobody who asks for the version shall wait until a checker of shapes is loaded. */
export async function readVersion(): Promise<string> {
  const read: unknown = JSON.parse(await readFile(FILE, 'utf8'));
  if (typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string')
    return read.version;
  throw new Error(`${FILE.pathname} names no version: install clearml-agent-slurm anew`);
}
