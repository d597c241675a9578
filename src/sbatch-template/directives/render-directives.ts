// Fills the placeholders of `#SBATCH` lines so that a value stays the value of its option, whatever it is; and raises `--ntasks`.
import { findHeader } from './check-directives.ts';
import { DIRECTIVE_PREFIX, quoteForDirective, type DirectiveToken } from './tokenize-directives.ts';
import { displayValue } from '../placeholders/display-value.ts';
import { hasFilter } from '../placeholders/filters.ts';
import { directiveWords, lastValue, valuePieces, type DirectiveOption } from './parse-directive-options.ts';
import type { ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import { userPropertyOf } from '../placeholders/user-property.ts';
import { printsHelp, readsFile, takesNextToken } from './sbatch-options.ts';
import type { ResolvedValue } from '../placeholders/resolve-value.ts';
import { insertAll, templateErrorAt, type Insertion, type TemplateSource } from '../template-source.ts';
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
  for (const option of options) {
    const { name, placeholders } = option;
    const [first] = placeholders;
    const whole = valuePieces(option, valueOf).join('');
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
  values: ReadonlyMap<ValuePlaceholder, ResolvedValue>,
): void {
  for (const { name, placeholders } of options.filter((option) => readsFile(option.name))) {
    for (const placeholder of placeholders) {
      const { text = '', origin } = values.get(placeholder) ?? {};
      if (origin !== 'task' || !text.includes('/')) continue;
      const finding = `the value of ${placeholder.variable} is ${displayValue(text)}, and with a slash in --${name}, sbatch reads a file of the login node: change the value`;
      throw templateErrorAt(source, placeholder.start, undefined, finding);
    }
  }
}

/** The option around each placeholder. `valueOf` returns the values of the other placeholders in the same option. */
export function enclosingOptions(
  options: readonly DirectiveOption[],
  valueOf: (placeholder: ValuePlaceholder) => string,
): ReadonlyMap<ValuePlaceholder, EnclosingOption> {
  return new Map(
    options.flatMap((option) => {
      const pieces = valuePieces(option, valueOf);
      return option.placeholders.map((placeholder, index): [ValuePlaceholder, EnclosingOption] => {
        const at = 2 * index + 1;
        const [before, after] = [pieces.slice(0, at).join(''), pieces.slice(at + 1).join('')];
        return [placeholder, { name: option.name, before, after }];
      });
    }),
  );
}

/**
 * The script, with another `--ntasks` line if its directives request fewer tasks than nodes. sbatch would lower the number of nodes
 * to the number of tasks and only warn (slurm's src/common/slurm_opt.c, 20.11 to 26.05): the template of the ClearML docs, with
 * `--ntasks=1` and two nodes by user property, would get one node.
 */
export function raiseTaskCount(script: string): string {
  const header = findHeader(script);
  const lines = script.slice(0, header.end).split('\n');
  const words = directiveWords(script);
  const nodes = countIn(words, ['--nodes', '-N']);
  const tasks = countIn(words, ['--ntasks', '-n']);
  if (nodes === undefined || tasks === undefined || tasks >= nodes) return script;

  const last = lines.findLastIndex((line) => line.startsWith(DIRECTIVE_PREFIX));
  lines.splice(
    last + 1,
    0,
    `#SBATCH --ntasks=${nodes} # set by clearml-agent-slurm: with ${tasks}, sbatch would allocate fewer than ${nodes} nodes`,
  );
  return lines.join('\n') + script.slice(header.end);
}

function countIn(words: readonly string[], names: readonly [string, string]): number | undefined {
  // A range of nodes begins with its minimum: `2-4`.
  const [digits] = /^\d+/.exec(lastValue(words, names) ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
