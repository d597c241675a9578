// Fills the placeholders of `#SBATCH` lines so that a value stays the value of its option, whatever it is.
import { PLACEHOLDER_MARK, quoteForDirective, type DirectiveToken } from './tokenize-directives.ts';
import { displayValue } from '../placeholders/display-value.ts';
import { hasFilter } from '../placeholders/filters.ts';
import type { DirectiveOption } from './parse-directive-options.ts';
import type { ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import { userPropertyOf } from '../placeholders/user-property.ts';
import { printsHelp, readsFile, takesNextToken } from './sbatch-options.ts';
import { TemplateError } from '../errors.ts';
import type { ResolvedValue } from '../placeholders/resolve-value.ts';
import { insertAll, positionAt, templateErrorAt, type Insertion, type TemplateSource } from '../template-source.ts';
import type { EnclosingOption } from '../template.ts';

/** @throws TemplateError for a value with a newline or a tab, and for one that would change how sbatch reads the token */
export function fillToken(
  source: TemplateSource,
  token: DirectiveToken,
  valueOf: (placeholder: ValuePlaceholder) => string,
): Insertion[] {
  const insertions: Insertion[] = [];
  let filled = '';
  for (const part of token.parts) {
    if (part.kind === 'text') {
      filled += part.text;
      continue;
    }
    const { placeholder, quote } = part;
    if (hasFilter(placeholder.filters, 'words')) {
      throw templateErrorAt(
        source,
        placeholder.start,
        'words-filter',
        '|words is not allowed in an #SBATCH line, where sbatch would read further words as options: remove the filter',
      );
    }
    const value = valueOf(placeholder);
    if (/[\n\t]/.test(value)) {
      throw templateErrorAt(
        source,
        placeholder.start,
        'newline-in-directive',
        `${displayValue(value)} contains a newline or a tab, which an #SBATCH line cannot contain: remove |raw`,
      );
    }
    filled += value;
    insertions.push({ start: placeholder.start, end: placeholder.end, text: quoteForDirective(value, quote) });
  }
  if (insertions.length > 0) {
    checkMeaning(source, token, filled);
    checkJobWords(source, token, insertions);
  }
  return insertions;
}

const JOB_WORD = /(?:het|pack)job/i;

/** Slurm 20.11 finds these words anywhere in the line; `quoteForDirective` splits only those within one value. */
function checkJobWords(source: TemplateSource, token: DirectiveToken, insertions: readonly Insertion[]): void {
  const [word] = JOB_WORD.exec(insertAll(source.text, token, insertions)) ?? [];
  const isWritten = token.parts.some((part) => part.kind === 'text' && JOB_WORD.test(part.text));
  if (word === undefined || isWritten) return;
  const finding = `the value and the text around it make "${word}", at which Slurm 20.11 begins another job: change the value`;
  throw templateErrorAt(source, token.start, 'heterogeneous-job', finding);
}

/** With its values, the token must still be the option or the argument that it is in the template. */
function checkMeaning(source: TemplateSource, { parts, start }: DirectiveToken, filled: string): void {
  const [first] = parts;
  if (first?.kind === 'placeholder' && filled.startsWith('-')) {
    throw templateErrorAt(
      source,
      start,
      'dash-value',
      `${displayValue(filled)} begins with a dash, and sbatch would read it as an option: write --name=\${…}, not --name \${…}`,
    );
  }
  if (filled === '' || takesNextToken(filled)) {
    throw templateErrorAt(
      source,
      start,
      'empty-value',
      'the value is empty, so sbatch would use the next argument as the value: write a default, or --name=${…}',
    );
  }
}

/** @throws TemplateError for a value with which sbatch would print a help text, and which leaves open whether there is a job */
export function checkNoHelp(
  source: TemplateSource,
  options: readonly DirectiveOption[],
  valueOf: (placeholder: ValuePlaceholder) => string,
): void {
  for (const { name, value, placeholders } of options) {
    const [first] = placeholders;
    const values = placeholders.map(valueOf);
    const whole = value.split(PLACEHOLDER_MARK).reduce((text, next, at) => text + (values[at - 1] ?? '') + next);
    if (first === undefined || !printsHelp(name, whole)) continue;
    const property = userPropertyOf(first.variable);
    throw templateErrorAt(
      source,
      first.start,
      'help-value',
      `with the value ${displayValue(whole)} of --${name}, sbatch prints a help text and submits nothing: change ${property === undefined ? first.variable : `the user property "${property}"`}`,
    );
  }
}

/**
 * @throws TemplateError for a value of the task that names a file for sbatch: it shows parts of the file in its messages, and never ends
 * with `/dev/zero` or a named pipe
 */
export function checkNoFile(
  source: TemplateSource,
  options: readonly DirectiveOption[],
  valueOf: (placeholder: ValuePlaceholder) => ResolvedValue | undefined,
): void {
  for (const { name, placeholders } of options.filter((option) => readsFile(option.name))) {
    for (const placeholder of placeholders) {
      const { text = '', origin } = valueOf(placeholder) ?? {};
      if (origin !== 'task' || !text.includes('/')) continue;
      const { line, column } = positionAt(source.text, placeholder.start);
      const finding = `the value of ${placeholder.variable} is ${displayValue(text)}, and with a slash in --${name}, sbatch reads a file of the login node: change the value`;
      throw new TemplateError(source.file, line, column, finding);
    }
  }
}

/** The option around each placeholder. `valueOf` returns the values of the other placeholders in the same option. */
export function enclosingOptions(
  options: readonly DirectiveOption[],
  valueOf: (placeholder: ValuePlaceholder) => string,
): ReadonlyMap<ValuePlaceholder, EnclosingOption> {
  return new Map(
    options.flatMap((option) => option.placeholders.map((placeholder, index) => [placeholder, around(option, index)])),
  );

  function around({ name, value, placeholders }: DirectiveOption, index: number): EnclosingOption {
    const texts = value.split(PLACEHOLDER_MARK);
    const values = placeholders.map(valueOf);
    // The value with index n is between the texts n and n + 1.
    const join = (from: number, to: number): string =>
      texts
        .slice(from, to)
        .reduce((text, next, at) => text + (at === 0 ? '' : (values[from + at - 1] ?? '')) + next, '');
    return { name, before: join(0, index + 1), after: join(index + 1, texts.length) };
  }
}
