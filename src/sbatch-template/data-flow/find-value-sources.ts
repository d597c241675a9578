// Finds the values in a range of a script that can come from a task: placeholders, expanded variables, and the output of commands.
import type { ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import { hasFilter } from '../placeholders/filters.ts';
import type { Command, LexedScript } from '../shell/lexer-result.ts';
import { isInside, type Range } from '../template-source.ts';
import { DESCRIPTORS, fileName } from './find-flows-through-files.ts';
import { inputName, scopeAt, type NestedScript } from './find-nested-scripts.ts';

/**
 * The origin of a value. `isWhole` means that its text arrives unchanged, not processed by a program. A name is that of a variable, or one
 * of: `@f` for the arguments of the function or nested script f, `f()` for its output, `f<` for its input, `<id` for that of a nested
 * script, `>file` for a file, `&` for descriptors, `name[]` for the keys of an array, `!name` for the variable that `$name` refers to, `*`
 * for the environment.
 */
export interface Source {
  readonly of: { readonly placeholder: ValuePlaceholder } | { readonly name: string };
  readonly isWhole: boolean;
  /** The variable that is known to hold it. */
  readonly heldBy?: string;
}

/** Programs that print their arguments or input unchanged. */
const TRANSPARENT = /^(?:echo|printf|cat)$/;

/** Ids that the server generates, which are always plain words. Not the parent: `tasks.clone` accepts any text after `__DELETED__`. */
export const ALWAYS_PLAIN =
  /^CLEARML_(?:(?:QUEUE|PROJECT)_ID|(?:TASK|USER)\.(?:id|company)|TASK\.(?:user|project|project\.id))$/;

/** The placeholders in the range. */
export function placeholdersIn(range: Range, { script }: NestedScript): Source[] {
  return script.occurrences.flatMap(({ placeholder }) => {
    if (
      !isInside(placeholder, range) ||
      hasFilter(placeholder.filters, 'int') ||
      ALWAYS_PLAIN.test(placeholder.variable)
    )
      return [];
    if (isCounted(placeholder, script)) return [];
    return [{ of: { placeholder }, isWhole: isTransparent(placeholder, range, script) }];
  });
}

/** The variables expanded in the range, and the output of its commands. */
export function namesIn(range: Range, layer: NestedScript): Source[] {
  const { script, id } = layer;
  const expanded = script.expansions.flatMap((expansion): Source[] => {
    if (expansion.form === 'harmless' || !isInside(expansion, range) || isCounted(expansion, script)) return [];
    const name = /^[A-Za-z_]/.test(expansion.name) ? expansion.name : scopeAt(expansion.start, script, id);
    if (expansion.form === 'keys') return [{ of: { name: `${name}[]` }, isWhole: true }];
    const own = { of: { name }, isWhole: isTransparent(expansion, range, script) };
    return expansion.form === 'indirect' ? [own, { of: { name: `!${name}` }, isWhole: false }] : [own];
  });
  const printed = script.commands
    .filter((command) => isInside(command, range) && command.end - command.start < range.end - range.start)
    .flatMap((command) => outputNames(command, layer));
  const files = script.redirections.flatMap(({ start, end, operator, target }) => {
    const place = { start, end };
    if (!/^<>?$|^<&$/.test(operator) || !isInside(place, range) || isCounted(place, script)) return [];
    return operator === '<&' ? [DESCRIPTORS] : [fileName(target, layer) ?? ''];
  });
  return [...expanded, ...[...printed, ...files].map((name) => ({ of: { name }, isWhole: false }))];
}

/** The names for what a command may print besides its arguments: the output of a function, its input, files, the environment. */
export function outputNames(command: Command, layer: NestedScript): string[] {
  const [program, ...rest] = command.words;
  const name = program?.text ?? 'cat';
  if (name === 'wc') return [];
  const names = [`${name}()`, inputName(command, layer), ...rest.flatMap((word) => fileName(word, layer) ?? [])];
  // The text of a nested script begins after its quote.
  names.push(...rest.map(({ start }) => `${start + 1}()`));
  if (/^(?:print)?env$/.test(name)) names.push(...(rest.length === 0 ? ['*'] : rest.map(({ text }) => text)));
  if (name === 'envsubst') names.push('*');
  if (name === 'pwd') names.push('PWD');
  return names;
}

/** `[KEY]` before an element. */
export function keyOf({ start, end }: Range, { text }: NestedScript): Range[] {
  const key = /^\[.*?\](?==)/s.exec(text.slice(start, end))?.[0];
  return key === undefined ? [] : [{ start, end: start + key.length }];
}

/** Whether no substitution within the range contains this place, or all commands of each that does print it unchanged. */
function isTransparent(place: Range, range: Range, { substitutions, commands }: LexedScript): boolean {
  return substitutions
    .filter((one) => isInside(place, one) && isInside(one, range))
    .every((one) => {
      const inner = commands.filter((command) => isInside(command, one));
      return inner.length > 0 && inner.every(({ words }) => TRANSPARENT.test(words[0]?.text ?? ''));
    });
}

/** Whether this is input of `wc`, which prints a number. */
function isCounted(place: Range, { commands, pipelines }: LexedScript): boolean {
  return commands.some((command) => {
    if (command.words[0]?.text !== 'wc') return false;
    if (isInside(place, command)) return !command.words.some((word) => isInside(place, word));
    return pipelines.some(({ elements }) => {
      const last = elements.at(-1);
      return last !== undefined && isInside(command, last) && elements.some((element) => isInside(place, element));
    });
  });
}
