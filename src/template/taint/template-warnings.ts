// What the daemon's start says of a template that it serves all the same.
import { readLeniently } from '../lint/read-leniently.ts';
import { positionAt } from '../source.ts';
import { possibleReachMessage } from './find-occurrences.ts';

/** Values that may be evaluated: sentences with file and line, each once. */
export function templateWarnings(file: string, text: string): string[] {
  const { source, possibleReaches } = readLeniently(file, text);
  const sentences = possibleReaches.map(
    (doubt) => `${file}:${positionAt(source.text, doubt.placeholder.start).line}: ${possibleReachMessage(doubt)}`,
  );
  return [...new Set(sentences)];
}
