// Follows values through files that the script writes and reads. A file is identified by the last part of its path, also if that is a variable.
import { codeWordLists, scriptOperands } from '../shell/find-code-words.ts';
import type { Command, Redirection, Word } from '../shell/lexer-result.ts';
import { enclosingCommands, printedAsIs } from '../shell/find-re-evaluated-text.ts';
import type { Range } from '../template-source.ts';
import { scopeAt, type NestedScript } from './find-nested-scripts.ts';

/** The name for all descriptors that `exec` opens. */
export const DESCRIPTORS = '&';

/** The name for the input of the whole script, which `exec` can set; with its id, for that of a nested script. */
export const OWN_INPUT = '<';

/** The name for any file. */
const ANY_FILE = '>*';

/** Programs that write their input or arguments into files given as arguments. */
const WRITERS = /^(?:tee|dd|cp|mv|ln|install|sponge|rsync|scp|sort|split|patch)$/;

/** The name for a file: `>run.sh`, `>$FILE`; for a pattern, any file. */
export function fileName({ start, end }: Range, { text, script, id }: NestedScript): string | undefined {
  const written = text
    .slice(start, end)
    .replace(/^[<>]+\s*|^[\w-]+=(?=.)/, '')
    .replaceAll(/["'\\]/g, '')
    .replaceAll(/\$\{(\w+)\}/g, '$$$1');
  if (/^\/(?:dev\/fd|proc\/self\/fd)\//.test(written)) return DESCRIPTORS;
  const last = written.replaceAll(/\$\{[^}]*\}|\$\([^)]*\)/g, (inner) => inner.replaceAll('/', ' ')).split('/');
  const name = last.at(-1) ?? '';
  if (name === '' || written.startsWith('/dev/')) return undefined;
  if (/^\$[0-9@*]$/.test(name)) return `>${scopeAt(start, script, id)}`;
  return /[*?[]/.test(name) ? ANY_FILE : `>${name}`;
}

/** Text, or the values with these names, flow into a file or out of it. */
export interface FileFlow {
  readonly into: string;
  readonly from: Range;
  readonly names: readonly string[];
}

/** The flows of redirections and of programs that copy. `outputOf` returns the names for what a command prints besides its own words. */
export function fileFlows(layer: NestedScript, outputOf: (command: Command) => readonly string[]): FileFlow[] {
  const { script } = layer;
  const written = script.redirections.flatMap((one) => redirected(one, layer, outputOf));
  const copied = script.commands.flatMap((command): FileFlow[] => {
    const [program, ...rest] = command.words;
    const isEditor =
      /^g?sed$/.test(program?.text ?? '') && rest.some(({ text }) => /^(?:-[A-Za-z]*i|--in-place)/.test(text));
    if (!isEditor && !WRITERS.test(program?.text ?? '')) return [];
    return rest.flatMap((word) => into(fileName(word, layer), command, outputOf(command)));
  });
  return [...written, ...copied];
}

function redirected(
  redirection: Redirection,
  layer: NestedScript,
  outputOf: (command: Command) => readonly string[],
): FileFlow[] {
  const { script, text } = layer;
  const { operator, target, start, end } = redirection;
  const descriptor = /^(?:[3-9]|[0-9]{2,}|\{)/.test(text.slice(start, end));
  const owner = enclosingCommands(redirection, script)[0] ?? redirection;
  const command = script.commands.find((one) => one === owner);
  const isOfShell = command?.words[0]?.text === 'exec' && command.words.length === 1;
  const file = operator.endsWith('&') && /^(?:\d+-?|-|\0.*)$/.test(target.text) ? DESCRIPTORS : fileName(target, layer);
  if (operator.startsWith('<') && operator !== '<>') {
    if (file === undefined || !(descriptor || isOfShell)) return [];
    return [{ into: descriptor ? DESCRIPTORS : OWN_INPUT, from: target, names: [file] }];
  }
  if (/^[12]$/.test(target.text) && file === DESCRIPTORS) return [];
  const flows =
    isOfShell && !descriptor
      ? into(file, wholeOf(layer), [])
      : into(file, printedAsIs(owner, script), command === undefined ? [] : outputOf(command));
  if (descriptor && file !== undefined)
    flows.push(...into(file, target, [DESCRIPTORS]), ...into(DESCRIPTORS, target, [file]));
  return flows;
}

/** The range from the first command to the last. */
export function wholeOf({ script }: NestedScript): Range {
  return { start: script.commands[0]?.start ?? 0, end: Math.max(0, ...script.commands.map(({ end }) => end)) };
}

function into(file: string | undefined, from: Range, names: readonly string[]): FileFlow[] {
  if (file === undefined) return [];
  const flow = { into: file, from, names };
  return file === DESCRIPTORS || file === ANY_FILE ? [flow] : [flow, { into: ANY_FILE, from, names: [file] }];
}

/** The words of a command that name what it runs: the program itself, and scripts given as arguments. */
export function executedWords(command: Command, text: string): Word[] {
  const sourced = codeWordLists(command, text).flatMap(({ by, words }) => (/^(?:source|\.)$/.test(by) ? words : []));
  return [...command.words.slice(0, 1), ...scriptOperands(command, text), ...sourced];
}
