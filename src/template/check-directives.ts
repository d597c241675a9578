// What is wrong with an `#SBATCH` line whatever the task is: refused options, and placeholders where a value would choose the option.
import type { TemplateError } from './errors.ts';
import { DIRECTIVE_PREFIX, readDirective, type DirectiveToken } from './directive.ts';
import { HETEROGENEOUS_JOB, readShortOptions, refusedOption } from './refused-directives.ts';
import { templateErrorAt, type Range, type TemplateSource } from './source.ts';

/** Where the lines are in which sbatch looks for directives. */
export function headerLines({ text }: TemplateSource, header: Range): Range[] {
  const lines: Range[] = [];
  for (let start = header.start; start < header.end; start = endOfLine(text, start) + 1) {
    lines.push({ start, end: Math.min(endOfLine(text, start), header.end) });
  }
  return lines;
}

/** The words of the directive on this line: none where it is no directive. @throws TemplateError */
export function readDirectiveLine(source: TemplateSource, line: Range): readonly DirectiveToken[] {
  const text = source.text.slice(line.start, line.end);
  if (text.startsWith('#SLURM')) {
    throw templateErrorAt(source, line.start, 'slurm-word', 'sbatch reads #SLURM as #SBATCH, and warns: write #SBATCH');
  }
  if (!text.startsWith(DIRECTIVE_PREFIX)) return [];
  const words = readDirective(source, line.start + DIRECTIVE_PREFIX.length, line.end);
  for (const word of words) checkToken(source, word);
  return words;
}

/** Up to the first line that is neither empty nor a comment: sbatch reads no directive behind it (sbatch(1)). */
export function findHeader(text: string): Range {
  for (let start = 0; start < text.length; start = endOfLine(text, start) + 1) {
    if (!/^[ \t\v\f\r]*(?:#|$)/.test(text.slice(start, endOfLine(text, start)))) return { start: 0, end: start };
  }
  return { start: 0, end: text.length };
}

/** The directives that sbatch would silently pass over. `comments` are where bash sees one begin. */
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
        'sbatch ignores #SBATCH lines after the first command: move it above',
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

/** In a word that begins with a dash, the first placeholder must stand behind the option's name. */
function checkOptionName(source: TemplateSource, word: DirectiveToken, literal: string): void {
  const isNamed = literal.startsWith('--') ? literal.includes('=') : readShortOptions(literal).endsInValue;
  if (isNamed) return;
  throw templateErrorAt(
    source,
    word.start,
    'value-chooses-option',
    `${literal}\${…}: a value may not choose the option. Write the option out, and a = before its value`,
  );
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}
