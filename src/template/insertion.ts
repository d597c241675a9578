// Pieces of text put in the place of stretches of another text.
import type { Range } from './source.ts';

/** What comes in the place of a stretch; an empty stretch is a place between two characters. */
export interface Insertion extends Range {
  readonly text: string;
}

/** This part of the text, filled in. The insertions are within it, in order, and apart from each other. */
export function insertAll(text: string, part: Range, insertions: readonly Insertion[]): string {
  let filled = '';
  let at = part.start;
  for (const insertion of insertions) {
    filled += text.slice(at, insertion.start) + insertion.text;
    at = insertion.end;
  }
  return filled + text.slice(at, part.end);
}
