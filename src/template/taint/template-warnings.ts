// What the daemon's start says of a template that it serves all the same.
import { readLeniently } from '../lint/read-leniently.ts';
import { positionAt } from '../source.ts';
import { doubtSentence } from './find-occurrences.ts';

/** Values that may be evaluated: sentences with file and line, each once. */
export function templateWarnings(file: string, text: string): string[] {
  const { source, doubts } = readLeniently(file, text);
  const sentences = doubts.map(
    (doubt) => `${file}:${positionAt(source.text, doubt.blank.start).line}: ${doubtSentence(doubt)}`,
  );
  return [...new Set(sentences)];
}
