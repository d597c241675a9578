// The version, as package.json says it: the one place.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
