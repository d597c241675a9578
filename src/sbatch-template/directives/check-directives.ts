// Checks `#SBATCH` lines for errors of every task: refused options, and placeholders that would choose the option.
import type { TemplateError } from '../errors.ts';
import { DIRECTIVE_PREFIX, parseDirective, type DirectiveToken } from './tokenize-directives.ts';
import { HETEROGENEOUS_JOB, parseShortOptions, refusedOption } from './sbatch-options.ts';
import { endOfLine, templateErrorAt, type Range, type TemplateSource } from '../template-source.ts';

/** The lines in which sbatch looks for directives. */
export function headerLines({ text }: TemplateSource, header: Range): Range[] {
  const lines: Range[] = [];
  for (let start = header.start; start < header.end; start = endOfLine(text, start) + 1) {
    lines.push({ start, end: Math.min(endOfLine(text, start), header.end) });
  }
  return lines;
}

/** The tokens of the directive on this line; none if the line is not a directive. @throws TemplateError */
export function parseDirectiveLine(source: TemplateSource, line: Range): readonly DirectiveToken[] {
  const text = source.text.slice(line.start, line.end);
  if (text.startsWith('#SLURM')) {
    throw templateErrorAt(
      source,
      line.start,
      'slurm-word',
      'sbatch reads #SLURM as #SBATCH, with a warning: write #SBATCH',
    );
  }
  if (!text.startsWith(DIRECTIVE_PREFIX)) return [];
  const words = parseDirective(source, line.start + DIRECTIVE_PREFIX.length, line.end);
  for (const word of words) checkToken(source, word);
  return words;
}

/** The lines before the first one that is neither empty nor a comment: sbatch reads no directives after it (sbatch(1)). */
export function findHeader(text: string): Range {
  for (let start = 0; start < text.length; start = endOfLine(text, start) + 1) {
    if (!/^[ \t\v\f\r]*(?:#|$)/.test(text.slice(start, endOfLine(text, start)))) return { start: 0, end: start };
  }
  return { start: 0, end: text.length };
}

/** The directives that sbatch silently ignores. @param comments the offsets of comments in the script */
export function misplacedDirectives(
  source: TemplateSource,
  header: Range,
  comments: readonly number[],
): TemplateError[] {
  return comments
    .filter((at) => at >= header.end && source.text.startsWith(`\n${DIRECTIVE_PREFIX}`, at - 1))
    .map((at) =>
      templateErrorAt(
        source,
        at,
        'late-directive',
        'sbatch ignores #SBATCH lines after the first command: move the line up',
      ),
    );
}

function checkToken(source: TemplateSource, word: DirectiveToken): void {
  const [first] = word.parts;
  const literal = first?.kind === 'text' ? first.text : '';
  if (/^(?:hetjob|packjob)$/i.test(literal) || source.text[word.start] === ':') {
    throw templateErrorAt(source, word.start, 'heterogeneous-job', `${literal}: ${HETEROGENEOUS_JOB}`);
  }
  const refused = refusedOption(literal);
  if (refused !== undefined)
    throw templateErrorAt(source, word.start, 'refused-option', `--${refused.long}: ${refused.reason}`);
  if (word.parts.length > 1 && literal.startsWith('-')) checkOptionName(source, word, literal);
}

/** In a token that begins with a dash, placeholders must be after the name of the option. */
function checkOptionName(source: TemplateSource, word: DirectiveToken, literal: string): void {
  const isNamed = literal.startsWith('--') ? literal.includes('=') : parseShortOptions(literal).endsInValue;
  if (isNamed) return;
  throw templateErrorAt(
    source,
    word.start,
    'value-chooses-option',
    `${literal}\${…}: a value must not choose the option. Write the option, and = before its value`,
  );
}
