// Converts a template to a plain script: each placeholder becomes a shell variable of the same length.
import { insertAll, type Insertion, type Range } from '../sbatch-template/template-source.ts';
import type { QuotingContext } from '../sbatch-template/shell/lexer-result.ts';
import type { LenientParse } from '../sbatch-template/parse-template.ts';

/**
 * Lines and columns are those of the template, so positions of findings apply to both. Placeholders become variables because shellcheck
 * reports conditions on constants. Returns undefined if bash cannot parse the script.
 */
export function toPlainScript({ script, readable, occurrences }: LenientParse): string | undefined {
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

/** The name is in capitals, so shellcheck assumes an environment variable. */
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

/** Returns the ranges in which a finding of shellcheck may be about a placeholder and not about the author's text. */
export function placeholderRanges({ script, occurrences }: LenientParse): Range[] {
  return [
    ...occurrences.map(({ placeholder }) => placeholder),
    ...(script?.blocks.map(({ placeholder }) => placeholder) ?? []),
  ];
}
