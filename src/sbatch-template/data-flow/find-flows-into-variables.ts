// Finds how text flows into variables: assignments, loops, `read`, `printf -v`, `set`, arguments of calls, files, and variables that bash sets.
import { codeWords, scriptOperands } from '../shell/find-code-words.ts';
import type { Command } from '../shell/lexer-result.ts';
import { inputsOf, QUOTED_FORMAT, readsOpened } from '../shell/find-re-evaluated-text.ts';
import { DECLARERS, PASSED_VARIABLE } from '../shell/programs-that-run-code.ts';
import { isInside, type Range } from '../template-source.ts';
import { DESCRIPTORS, fileFlows, fileName, OWN_INPUT, wholeOf } from './find-flows-through-files.ts';
import {
  functionsAround,
  inputName,
  scopeAt,
  layered,
  type NestedScript,
  type LayeredWord,
} from './find-nested-scripts.ts';
import { keyOf, outputNames } from './find-value-sources.ts';

/** Text or values flow into a variable. */
export interface Flow {
  /** A variable, or one of the other names of `find-value-sources.ts`. */
  readonly into: string;
  /** The ranges of text, each with its script. */
  readonly words: readonly (Range & { readonly layer: NestedScript })[];
  /** Appended: `+=`, or one element of an array. */
  readonly isAdded?: boolean;
  /** The values with these names may flow there too. */
  readonly names?: readonly string[];
  /** It is not known how much of the text arrives. */
  readonly isVague?: boolean;
}

/** `NAME=`, `NAME[…]=` or `NAME[${#NAME[@]}]=`, up to the value. */
const ASSIGNMENT = /^["']?([A-Za-z_]\w*)(?:\[(?:[^[\]]|\[[^[\]]*\])*\])?\+?=/;

const PREFIX = /^(?:command|builtin)$/;

export function findFlows(layer: NestedScript): Flow[] {
  const { script, parameters, id } = layer;
  const vague = (range: Range): Pick<Flow, 'words' | 'isVague'> => ({ words: [{ ...range, layer }], isVague: true });
  return [
    ...script.commands.flatMap((command) => [
      ...command.assignments.flatMap((word) => assigned({ ...word, layer }, ASSIGNMENT)),
      ...flowsOfWords(layered(command.words, layer), command),
      ...flowsOfInput(command, layer),
      ...flowsIntoScripts(command, layer),
    ]),
    ...script.arrays.flatMap(({ elements }) =>
      layered(elements, layer).flatMap((word) => assigned(word, PASSED_VARIABLE)),
    ),
    ...script.implicitAssignments.map(({ name, from, words = [] }): Flow =>
      words.length === 0 ? { into: name, words: [{ ...from, layer }] } : { into: name, words: layered(words, layer) },
    ),
    ...script.implicitAssignments.flatMap(({ name, words = [] }) =>
      words.flatMap((word) => sameValue(`>$${name}`, fileName(word, layer))),
    ),
    ...script.functions.map(({ name, body }): Flow => ({ into: `${name}()`, ...vague(body) })),
    ...script.coprocesses.map((body): Flow => ({ into: DESCRIPTORS, ...vague(body) })),
    ...(id === '' ? [] : [{ into: `${id}()`, ...vague(wholeOf(layer)) }]),
    // A script in a file may get the arguments of any command that runs one.
    ...(id === '' || parameters.length > 0 ? [] : [{ into: `@${id}`, words: [], names: [SCRIPT_WORDS] }]),
    ...(parameters.length === 0 ? [] : [{ into: `@${id}`, words: parameters }]),
    ...fileFlows(layer, (command) => outputNames(command, layer)).map(({ into, from, names }): Flow => ({
      into,
      names,
      ...vague(from),
    })),
  ];
}

/** The flows that the words of a command cause, wherever the words come from. */
export function flowsOfWords(all: readonly LayeredWord[], command: Command): Flow[] {
  const words = all.slice(all.findIndex(({ text }) => !PREFIX.test(text)));
  const [program, ...rest] = words;
  if (program === undefined) return [];
  const { layer } = program;
  const isDeclarer = DECLARERS.test(program.text);
  const own = scopeAt(command.start, layer.script, layer.id);
  const vague = (...names: string[]): Flow[] => names.map((into) => ({ into, words: rest, isVague: true }));
  const flows: Flow[] = [
    ...words.flatMap((word) => assigned(word, isDeclarer ? ASSIGNMENT : PASSED_VARIABLE)),
    { into: `@${program.text}`, words: rest },
    { into: `${program.text}<`, words: [], names: [inputName(command, layer)] },
    ...(layer.script.functions.some(({ name }) => name === program.text)
      ? rest.flatMap((word) => sameValue(`>@${program.text}`, fileName(word, word.layer)))
      : []),
    { into: '_', words: words.slice(-1), isVague: true },
  ];
  switch (program.text) {
    case 'read':
    case 'mapfile':
    case 'readarray':
      return [...flows, ...filled(rest, command, layer)];
    case 'set':
      return [...flows, { into: own, words: rest.slice(rest.findIndex(({ text }) => text === '--') + 1) }];
    case 'printf':
      return [...flows, ...printed(rest)];
    case 'getopts':
      return [...flows, { into: 'OPTARG', words: rest, names: [own], isVague: true }];
    case '[[':
      return [...flows, ...vague('BASH_REMATCH')];
    case 'cd':
    case 'pushd':
      return [...flows, ...vague('PWD', 'OLDPWD', 'DIRSTACK')];
  }
  const isReference = isDeclarer && rest.some(({ text }) => /^-[A-Za-z]*n/.test(text));
  return isReference ? [...flows, ...rest.flatMap(reference)] : flows;
}

function assigned(word: LayeredWord, pattern: RegExp): Flow[] {
  const { layer, start, end } = word;
  const [before = '', name] = pattern.exec(layer.text.slice(start, end)) ?? [];
  if (name === undefined) return [];
  const key = { start: start + before.indexOf('['), end: start + before.lastIndexOf(']') + 1 };
  const from = { start: start + before.length, end };
  const array = layer.script.arrays.find((one) => one.start === from.start);
  const elements = array?.elements ?? [];
  const isAdded = /[\]+]=$/.test(before);
  const words = array === undefined ? [{ ...from, layer }] : layered(elements, layer);
  return [
    { into: name, words, isAdded },
    ...[...(before.includes('[') ? [key] : []), ...elements.flatMap((element) => keyOf(element, layer))].map(
      (one): Flow => ({ into: `${name}[]`, words: [{ ...one, layer }] }),
    ),
    // A variable with the name of a file stands for the file.
    ...sameValue(`>$${name}`, fileName(from, layer)),
  ];
}

function sameValue(one: string, other: string | undefined): Flow[] {
  if (other === undefined) return [];
  return [
    { into: one, words: [], names: [other] },
    { into: other, words: [], names: [one] },
  ];
}

/** `declare -n REFERENCE=NAME` */
function reference({ text }: LayeredWord): Flow[] {
  const [, one = '', other] = /^([A-Za-z_]\w*)=([A-Za-z_]\w*)/.exec(text) ?? [];
  return sameValue(one, other);
}

/** `printf -v NAME FORMAT …`; the output of `%q` is quoted, and that of `%d` is a number. */
function printed([option, ...rest]: readonly LayeredWord[]): Flow[] {
  const joined = /^-v(.*)$/s.exec(option?.text ?? '')?.[1];
  if (joined === undefined) return [];
  const name = joined === '' ? rest.shift()?.text : joined;
  const words = rest.slice(rest[0]?.text === '--' ? 1 : 0);
  const [format] = words;
  if (name === undefined || format === undefined) return [];
  if (QUOTED_FORMAT.test(format.text)) return [];
  return [{ into: name, words: words.map(({ start, end, layer }) => ({ start, end, layer })) }];
}

/** The name for the arguments of scripts in files. */
const SCRIPT_WORDS = '@>';

function flowsIntoScripts(command: Command, layer: NestedScript): Flow[] {
  const { words } = command;
  const operands = scriptOperands(command, layer.text);
  const at = words.findIndex((word, index) => operands.includes(word) || (index === 0 && word.text.includes('/')));
  return at === -1 ? [] : [{ into: SCRIPT_WORDS, words: layered(words.slice(at + 1), layer), isVague: true }];
}

/** What a command reads, and the functions around it with it. */
function flowsOfInput(command: Command, layer: NestedScript): Flow[] {
  const { script, id } = layer;
  const names = functionsAround(command.start, script).map(({ name }) => `${name}<`);
  if (id !== '') names.push(OWN_INPUT + id);
  const isPiped = [...script.coprocesses, ...script.processSubstitutions].some((one) => isInside(command, one));
  if (isPiped || readsOpened(command, script)) names.push(DESCRIPTORS);
  const own = inputName(command, layer);
  return [
    { into: own, words: inputs(command, layer), names: [...names, OWN_INPUT] },
    ...nestedScriptsOf(command, layer).map((inner) => ({ into: OWN_INPUT + inner, words: [], names: [own] })),
  ];
}

/** The ids of the texts that this command passes to a shell, which reads the input of the command. */
function nestedScriptsOf(command: Command, layer: NestedScript): string[] {
  const code = codeWords(command, layer.text);
  return command.words
    .filter((word) => code.some((range) => isInside(word, range)))
    .map(({ start }) => String(start + 1));
}

function inputs(command: Command, layer: NestedScript): Flow['words'] {
  return inputsOf(command, layer.script, layer.text).map((from) => ({ ...from, layer }));
}

/** `read NAME …` */
function filled(words: readonly LayeredWord[], command: Command, layer: NestedScript): Flow[] {
  const names = words.flatMap(({ text: word }) => (/^[A-Za-z_]\w*$/.test(word) ? [word] : []));
  const around = functionsAround(command.start, layer.script).map(({ name }) => name);
  const calls = layer.script.commands.filter(({ words: [program] }) => around.includes(program?.text ?? ''));
  const read = [command, ...calls].flatMap((reader) => inputs(reader, layer));
  return [...names, 'REPLY', 'MAPFILE'].map((into) => ({ into, words: read, names: [inputName(command, layer)] }));
}
