// The template as a plain script, for programs that know nothing of blanks: each blank becomes a variable of the same length.
import { insertAll, type Insertion, type Range } from '../template/source.ts';
import type { QuotingContext } from '../template/shell/quoting-context.ts';
import type { Reading } from '../template/read-leniently.ts';

/**
 * Lines and columns are those of the template, so that what is found in it is found there. A placeholder is a variable and no fixed
 * word, since a checker would complain of conditions that are always true. undefined where bash could not read the script.
 */
export function standIn({ script, readable, occurrences }: Reading): string | undefined {
  if (script === undefined) return undefined;
  const insertions: Insertion[] = [
    ...occurrences.map(({ placeholder: { start, end }, context }) => ({
      start,
      end,
      text: variable(end - start, context),
    })),
    ...script.blocks.map(({ placeholder: { block, start, end } }) => ({
      start,
      end,
      text: block === 'CLEARML_AGENT_EXECUTE' ? 'x'.repeat(end - start) : 'true'.padEnd(end - start),
    })),
  ].sort((a, b) => a.start - b.start);
  return insertAll(readable, { start: 0, end: readable.length }, insertions);
}

/** The variable's name is of capitals: a checker takes it for one of the environment. */
function variable(length: number, { kind }: QuotingContext): string {
  switch (kind) {
    case 'unquoted':
      return `"\${${'V'.repeat(length - 5)}}"`;
    case 'double quotes':
    case 'quoted default':
    case 'here-document':
    case 'number':
      return `\${${'V'.repeat(length - 3)}}`;
    case 'single quotes':
    case 'ansi quotes':
    case 'quoted here-document':
    case 're-evaluated':
      return 'x'.repeat(length);
  }
}

/** Where a checker's finding may be about a placeholder rather than about what the author wrote. */
export function placeholderRanges({ script, occurrences }: Reading): Range[] {
  return [
    ...occurrences.map(({ placeholder }) => placeholder),
    ...(script?.blocks.map(({ placeholder }) => placeholder) ?? []),
  ];
}
