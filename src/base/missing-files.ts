// Reads files that may be missing.
import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { parseJson } from './parse-json.ts';

/** What was read of a file or folder, or undefined if there is none. */
export async function unlessMissing<Read>(reading: Promise<Read>): Promise<Read | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a JSON file holds, which may be torn or of another version; undefined if it cannot be read, or has another shape. */
export async function readJsonFile<Shape extends z.ZodType>(
  file: string,
  shape: Shape,
): Promise<z.infer<Shape> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return shape.safeParse(parseJson(text)).data;
}
