// What is wrong with an `#SBATCH` line whatever the task is: refused options, and blanks where a value would choose the option.
import type { TemplateProblem } from './errors.ts';
import { MAGIC_WORD, readDirective, type DirectiveWord } from './directive.ts';
import { HETEROGENEOUS_JOB, readShortOptions, refusedOption } from './refused-directives.ts';
import { problemAt, type Range, type TemplateSource } from './source.ts';

/** Where the lines are in which sbatch looks for directives. */
export function headerLines({ text }: TemplateSource, header: Range): Range[] {
  const lines: Range[] = [];
  for (let start = header.start; start < header.end; start = endOfLine(text, start) + 1) {
    lines.push({ start, end: Math.min(endOfLine(text, start), header.end) });
  }
  return lines;
}

/** The words of the directive on this line: none where it is no directive. @throws TemplateProblem */
export function readDirectiveLine(source: TemplateSource, line: Range): readonly DirectiveWord[] {
  const text = source.text.slice(line.start, line.end);
  if (text.startsWith('#SLURM')) {
    throw problemAt(source, line.start, 'slurm-word', 'sbatch reads #SLURM as #SBATCH, and warns: write #SBATCH');
  }
  if (!text.startsWith(MAGIC_WORD)) return [];
  const words = readDirective(source, line.start + MAGIC_WORD.length, line.end);
  for (const word of words) checkWord(source, word);
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
export function lateDirectives(source: TemplateSource, header: Range, comments: readonly number[]): TemplateProblem[] {
  return comments
    .filter((at) => at >= header.end && source.text.startsWith(`\n${MAGIC_WORD}`, at - 1))
    .map((at) =>
      problemAt(source, at, 'late-directive', 'sbatch ignores #SBATCH lines after the first command: move it above'),
    );
}

function checkWord(source: TemplateSource, word: DirectiveWord): void {
  const [first] = word.parts;
  const literal = first?.kind === 'text' ? first.text : '';
  if (/^(?:hetjob|packjob)$/i.test(literal) || source.text[word.start] === ':') {
    throw problemAt(source, word.start, 'heterogeneous-job', `${literal}: ${HETEROGENEOUS_JOB}`);
  }
  const refused = refusedOption(literal);
  if (refused !== undefined)
    throw problemAt(source, word.start, 'refused-option', `--${refused.long}: ${refused.reason}`);
  if (word.parts.length > 1 && literal.startsWith('-')) checkOptionName(source, word, literal);
}

/** In a word that begins with a dash, the first blank must stand behind the option's name. */
function checkOptionName(source: TemplateSource, word: DirectiveWord, literal: string): void {
  const isNamed = literal.startsWith('--') ? literal.includes('=') : readShortOptions(literal).endsInValue;
  if (isNamed) return;
  throw problemAt(
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
