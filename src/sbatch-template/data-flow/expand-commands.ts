// Expands the variables in commands: `SH="bash -c"; $SH …`, `"${cmd[@]}"`, and `run bash -c …` where run is `{ "$@"; }`.
import { parallelCommand } from '../shell/find-code-words.ts';
import { inputsOf } from '../shell/find-re-evaluated-text.ts';
import type { Command } from '../shell/lexer-result.ts';
import { withoutExpansions } from '../shell/lex-words.ts';
import { isInside } from '../template-source.ts';
import type { Flow } from './find-flows-into-variables.ts';
import { functionsAround, scopeAt, layered, type NestedScript, type LayeredWord } from './find-nested-scripts.ts';

/** A command, and the words that it may expand to. */
export interface ExpandedCommand {
  readonly command: Command;
  readonly words: readonly LayeredWord[];
  /** There is no other expansion. */
  readonly isSure: boolean;
}

type Possibilities = readonly (readonly LayeredWord[])[];

/** Further expansions of a command are ignored. */
const MOST = 32;

/** A word that is a single expansion, with or without quotes. */
const EXPANSION =
  /^("?)\$(?:\{([A-Za-z_]\w*|[0-9]+|[@*])(\[[^\]]*\])?(?:[-:#%/^,@][^}]*)?\}|([A-Za-z_]\w*|[0-9@*]))\1$/;

/** The expansions of the commands in which a variable stands for words that the script assigns to it. */
export function expandCommands(layer: NestedScript, flows: ReadonlyMap<string, readonly Flow[]>): ExpandedCommand[] {
  return layer.script.commands.flatMap((command) => {
    const own = layered(command.words, layer);
    const each = own.map((word) => possibilities(word, flows, []));
    const lists = combined(each).filter((words) => words.some((word, at) => word.start !== own[at]?.start));
    return lists.map((words): ExpandedCommand => ({ command, words, isSure: lists.length === 1 }));
  });
}

/** The commands that a command runs with values: `mapfile -C CALLBACK` with each line, `parallel PROGRAM ::: VALUE` with each value. */
export function impliedCommands(layer: NestedScript): ExpandedCommand[] {
  return layer.script.commands.flatMap((command) =>
    [...callback(command, layer), ...parallel(command, layer)].map((words): ExpandedCommand => ({
      command,
      words,
      isSure: true,
    })),
  );
}

function callback(command: Command, layer: NestedScript): LayeredWord[][] {
  const { words } = command;
  const at = words.findIndex(({ text }) => /^-t*C/.test(text));
  const option = words[at];
  if (option === undefined || !words.slice(0, at).some(({ text }) => /^(?:mapfile|readarray)$/.test(text))) return [];
  const prefix = /^-t*C/.exec(option.text)?.[0].length ?? 0;
  const word = option.text.length > prefix ? { ...option, start: option.start + prefix } : words[at + 1];
  if (word === undefined) return [];
  const called = split({ ...word, layer }, false);
  const last = called.slice(called.findLastIndex(({ text }) => /[;&|]$/.test(text)) + 1);
  const names = functionsAround(command.start, layer.script).map(({ name }) => name);
  const calls = layer.script.commands.filter(({ words: [program] }) => names.includes(program?.text ?? ''));
  const lines = [command, ...calls].flatMap((reader) => inputsOf(reader, layer.script, layer.text));
  const index = { start: word.end, end: word.end, text: '0', layer };
  return [[...last, index, ...lines.map(({ start, end }) => ({ start, end, text: '\0', layer }))]];
}

function parallel(command: Command, layer: NestedScript): LayeredWord[][] {
  const at = command.words.findIndex(({ text }) => /(?:^|\/)parallel$/.test(text));
  const found = at === -1 ? undefined : parallelCommand(command, command.words.slice(at + 1), layer.text);
  return found === undefined ? [] : [layered([...found.words, ...found.quoted], layer)];
}

function combined(each: readonly Possibilities[]): Possibilities {
  return each.reduce<Possibilities>(
    (lists, next) => lists.flatMap((list) => next.map((words) => [...list, ...words])).slice(0, MOST),
    [[]],
  );
}

function possibilities(
  word: LayeredWord,
  flows: ReadonlyMap<string, readonly Flow[]>,
  within: readonly string[],
): Possibilities {
  const { layer, start, end } = word;
  const [, , held, subscript = '', plain] = EXPANSION.exec(layer.text.slice(start, end)) ?? [];
  const written = held ?? plain;
  if (written === undefined || within.length > 4) return [[word]];
  const name = /^[A-Za-z_]/.test(written) ? written : scopeAt(start, layer.script, layer.id);
  const given = (flows.get(name) ?? []).filter(({ words, isVague }) => words.length > 0 && isVague !== true);
  if (given.length === 0 || within.includes(name)) return [[word]];
  const outermost = word.via ?? word;
  const isQuoted = outermost.layer.text[outermost.start] === '"';
  // All words are joined to one.
  if (isQuoted && (written === '*' || subscript === '[*]')) return [[word]];
  const isSplit = word.isSplit ?? !layer.text.startsWith('"', start);
  const partsOf = (one: Flow['words'][number]): LayeredWord[] =>
    split(one, isQuoted).map((part) => ({
      ...part,
      ...(!('text' in one) && { heldBy: `$${name}`, via: outermost }),
      ...(isSplit && { isSplit }),
    }));
  const listsOf = ({ words }: Flow): Possibilities =>
    combined(words.map((one) => combined(partsOf(one).map((part) => possibilities(part, flows, [...within, name])))));
  // A single word of a list: an element of an array, a loop variable, a parameter.
  const isOne =
    /^[1-9]/.test(written) ||
    (name === written && !/[@*]/.test(subscript) && given.some(({ words }) => words.some((one) => 'text' in one)));
  if (isOne) return given.flatMap(listsOf).flatMap((list) => oneOf(list, Number(written), layer));
  const [first, added] = [false, true].map((isAdded) =>
    given.filter((flow) => (flow.isAdded ?? false) === isAdded).map(listsOf),
  );
  return combined([first === undefined || first.length === 0 ? [[]] : first.flat(), ...(added ?? [])]);
}

/** `$2` is the second word unless the script uses `shift`; without a number, it can be any word. */
function oneOf(list: readonly LayeredWord[], number: number, { script }: NestedScript): Possibilities {
  const isAny = Number.isNaN(number) || script.commands.some(({ words: [program] }) => program?.text === 'shift');
  return (isAny ? list : list.slice(number - 1, number)).map((word) => [word]);
}

/** The words that a text expands to: one in quotes, otherwise approximately as many as bash splits it into. */
function split(range: Flow['words'][number], isQuoted: boolean): LayeredWord[] {
  const { layer, start, end } = range;
  const written = layer.text.slice(start, end);
  if (/^"?\$\(.*\)"?$/s.test(written)) {
    const words = layer.script.commands
      .filter((command) => isInside(command, range))
      .flatMap((command) => layered(command.words.slice(1), layer));
    return words.length > 0 ? words : [{ start, end, text: '\0', layer }];
  }
  const [before, isInput, quote = ''] = /^(<<<\s*)?(["']?)/.exec(written) ?? [''];
  const inner = written.slice(before.length, quote !== '' && written.endsWith(quote) ? -1 : undefined);
  if (isQuoted && isInput === undefined) return [{ start, end, text: withoutExpansions(inner), layer }];
  return [...inner.matchAll(/(?:\$\{[^}]*\}|\$\([^)]*\)|\S)+/g)].map(({ index, 0: part }) => ({
    start: start + before.length + index,
    end: start + before.length + index + part.length,
    text: withoutExpansions(part),
    layer,
  }));
}
