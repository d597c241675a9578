// Reads a JSON file that may be missing, torn or of another version.
import { readFile } from 'node:fs/promises';
import type * as z from 'zod';
import { parseJson } from './parse-json.ts';

/** What it holds; undefined if that cannot be read, or has another shape. */
export async function readJsonFile<Shape extends z.ZodType>(
  file: string,
  shape: Shape,
): Promise<z.infer<Shape> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return shape.safeParse(parseJson(text)).data;
}
