// The template as a plain script, for programs that know nothing of blanks: each blank becomes a variable of the same length.
import type { Range } from '../source.ts';
import { insertAll, type Insertion } from '../insertion.ts';
import type { Place } from '../shell/quoting-context.ts';
import type { Reading } from './read-leniently.ts';

/**
 * Lines and columns are those of the template, so that what is found in it is found there. A blank is a variable and no fixed
 * word, since a checker would complain of conditions that are always true. undefined where bash could not read the script.
 */
export function standIn({ script, readable, sites }: Reading): string | undefined {
  if (script === undefined) return undefined;
  const insertions: Insertion[] = [
    ...sites.map(({ blank: { start, end }, place }) => ({ start, end, text: variable(end - start, place) })),
    ...script.blocks.map(({ blank: { block, start, end } }) => ({
      start,
      end,
      text: block === 'CLEARML_AGENT_EXECUTE' ? 'x'.repeat(end - start) : 'true'.padEnd(end - start),
    })),
  ].sort((a, b) => a.start - b.start);
  return insertAll(readable, { start: 0, end: readable.length }, insertions);
}

/** The variable's name is of capitals: a checker takes it for one of the environment. */
function variable(length: number, { kind }: Place): string {
  switch (kind) {
    case 'word':
      return `"\${${'V'.repeat(length - 5)}}"`;
    case 'double quotes':
    case 'quoted default':
    case 'here-document':
    case 'number':
      return `\${${'V'.repeat(length - 3)}}`;
    case 'single quotes':
    case 'ansi quotes':
    case 'quoted here-document':
    case 'read again':
      return 'x'.repeat(length);
  }
}

/** Where a checker's finding may be about a blank rather than about what the author wrote. */
export function blankRanges({ script, sites }: Reading): Range[] {
  return [...sites.map(({ blank }) => blank), ...(script?.blocks.map(({ blank }) => blank) ?? [])];
}
