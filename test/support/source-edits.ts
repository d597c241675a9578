// Edits source texts, so that tests can seed a fault in a copy of the program.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SourceEdit {
  /** From the root of the project. */
  readonly file: string;
  /** Is in the file exactly once; how it is indented and broken into lines does not matter. */
  readonly from: string;
  readonly to: string;
}

/** @throws Error naming file and line where the text of an edit is not in its file exactly once: the edit is out of date */
export async function applyEdits(folder: string, edits: readonly SourceEdit[]): Promise<void> {
  for (const { file, from, to } of edits) {
    const path = join(folder, file);
    const text = await readFile(path, 'utf8').catch(() => {
      throw new Error(`a seeded fault edits ${file}, which does not exist: follow the renamed file`);
    });
    const found = [...text.matchAll(patternOf(from))];
    const [place] = found;
    if (found.length !== 1 || place === undefined) throw new Error(describe(file, text, from, found.length));
    await writeFile(path, text.slice(0, place.index) + to.trim() + text.slice(place.index + place[0].length));
  }
}

/** The text with any white space where it has some. */
function patternOf(text: string): RegExp {
  const escaped = text.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(escaped.replace(/\s+/g, '\\s+'), 'g');
}

function describe(file: string, text: string, from: string, count: number): string {
  const wanted = from.trim().split('\n')[0] ?? '';
  const tokens: readonly string[] = wanted.match(/\w+/g) ?? [];
  const likeness = (line: string): number => tokens.filter((token) => line.includes(token)).length;
  const lines = text.split('\n');
  const at = lines.reduce((best, line, index) => (likeness(line) > likeness(lines[best] ?? '') ? index : best), 0);
  return [
    `${file} has the text of a seeded fault ${count} times instead of once:`,
    `  ${wanted}`,
    `the line most like it is ${file}:${at + 1}:`,
    `  ${lines[at]?.trim() ?? ''}`,
  ].join('\n');
}
