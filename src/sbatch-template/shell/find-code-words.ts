// Finds the words of a command that its program evaluates as code, and whether the program evaluates its standard input.
// cspell:ignore kuvtr procs joblog memfree ungroup
import { specialWords } from '../data-flow/find-special-words.ts';
import { isInside, type Range } from '../template-source.ts';
import { definesFunction } from './find-evaluated-assignments.ts';
import type { Command, Word } from './lexer-result.ts';
import {
  DECLARERS,
  EVALUATORS,
  FILE_RUNNERS,
  NAME_TAKERS,
  RUNNERS,
  SCRIPT_FILE,
  SHELL_VARIABLES,
  WORDS_FROM_INPUT,
  type Evaluator,
} from './programs-that-run-code.ts';

/** A range that `by` evaluates as code. */
export interface CodeRange extends Range {
  readonly by: string;
  /** Even a plain word can be code: only a number is safe. */
  readonly isEvenPlain?: true;
}

/** Rejects most words at once: each word of a template is tested many times. */
const ANY_EVALUATOR = new RegExp(EVALUATORS.map(({ names }) => names.source).join('|'));

interface Invocation {
  readonly name: string;
  readonly evaluator: Evaluator;
  readonly rest: readonly Word[];
}

/** The words that are code. The program can be any word of the command: `srun timeout 9 bash -c "…"`. */
export function codeWords(command: Command, text: string): CodeRange[] {
  return codeWordLists(command, text).flatMap(spanOf);
}

/** The words that name variables: a name can have a subscript, and a subscript can run commands. */
export function nameWords(command: Command): CodeRange[] {
  return nameWordLists(command).flatMap(spanOf);
}

/** Words that one program evaluates; they need not be adjacent. */
export interface WordList extends Omit<CodeRange, keyof Range> {
  readonly words: readonly Word[];
}

function spanOf({ words, ...how }: WordList): CodeRange[] {
  const [first] = words;
  const last = words.at(-1);
  return first === undefined || last === undefined ? [] : [{ start: first.start, end: last.end, ...how }];
}

export function codeWordLists(command: Command, text: string): WordList[] {
  return invocations(command, text).map(({ name, evaluator, rest }) => ({
    words: name === 'parallel' ? codeOfParallel(command, rest, text) : wordsOfCode(evaluator, rest),
    by: name,
    ...(evaluator.isEvenPlain === true && { isEvenPlain: true }),
  }));
}

/** A command of `parallel` and the arguments that it appends, each quoted. */
export interface ParallelCommand {
  readonly words: readonly Word[];
  readonly quoted: readonly Word[];
}

/** Options of `parallel` that change neither the command nor its quoting. */
const OPTION_OF_PARALLEL =
  /^(?:-[kuvtr0]|-[jPNnL](?:\d+%?)?|--(?:jobs|max-procs|max-args|delay|timeout|retries|joblog|results|halt|memfree|load|nice|keep-order|tag|line-buffer|lb|bar|eta|progress|ungroup|verbose|will-cite|link|dry-run|resume|resume-failed)(?:=.*)?)$/;
const WITH_ARGUMENT =
  /^(?:-[jPNnL]|--(?:jobs|max-procs|max-args|delay|timeout|retries|joblog|results|halt|memfree|load|nice))$/;

/** `parallel PROGRAM … ::: VALUE …`; undefined if the program may evaluate a value, or the value may be the program. */
export function parallelCommand(command: Command, rest: readonly Word[], text: string): ParallelCommand | undefined {
  const end = rest.findIndex((word) => /^:::\+?$/.test(word.text));
  let at = 0;
  for (let word = rest[at]?.text ?? ''; word.startsWith('-'); word = rest[at]?.text ?? '') {
    if (!OPTION_OF_PARALLEL.test(word)) return undefined;
    at += WITH_ARGUMENT.test(word) ? 2 : 1;
  }
  const words = rest.slice(at, end === -1 ? at : end);
  const [value] = rest.slice(end + 1);
  const [program] = words;
  if (program === undefined || value === undefined || /[/{]/.test(program.text)) return undefined;
  if (!words.every((word) => /^(?:[\w./:=+,@%#-]|\{(?!=)|\})+$/.test(word.text))) return undefined;
  const argument = { ...value, text: '\0' };
  const isPlaced = words.some((word) => word.text.includes('{'));
  const run = words.map((word) => (word.text.includes('{') ? argument : word));
  const called = { ...command, words: isPlaced ? run : [...run, argument] };
  const evaluated = [...codeWordLists(called, text), ...nameWordLists(called)].flatMap((list) => list.words);
  if (DECLARERS.test(program.text) || program.text === 'let') return undefined;
  if ([...evaluated, ...specialWords(called.words)].includes(argument)) return undefined;
  return { words, quoted: rest.slice(end + 1) };
}

function codeOfParallel(command: Command, rest: readonly Word[], text: string): readonly Word[] {
  const isSafe = parallelCommand(command, rest, text) !== undefined;
  return isSafe
    ? rest.slice(
        0,
        rest.findIndex((word) => word.text.startsWith(':::')),
      )
    : rest;
}

export function nameWordLists({ words }: Command): WordList[] {
  const taker = words.findIndex(({ text }) => !/^(?:command|builtin)$/.test(text));
  return NAME_TAKERS.flatMap(({ names, after, optionsWithArgument }) => {
    if (!names.test(words[taker]?.text ?? '')) return [];
    const from =
      after === undefined ? taker + 1 : words.findIndex(({ text }, index) => index > taker && after.test(text));
    if (from === -1) return [];
    // An option is followed by one name, in the next word or in its own.
    const named = words.slice(from, after === undefined ? undefined : from + 2);
    const others = optionsWithArgument === undefined ? 0 : countArguments(named, optionsWithArgument);
    return [{ words: named.slice(others), by: `${words[taker]?.text ?? ''}, as the name of a variable` }];
  });
}

/** The number of words, from the first, that are options with an argument, and their arguments. */
function countArguments(words: readonly Word[], options: RegExp): number {
  let count = 0;
  for (
    let text = words[0]?.text ?? '';
    /^-[a-zA-Z]*$/.test(text) || options.test(text);
    text = words[count]?.text ?? ''
  )
    count += options.exec(text)?.[0] === text ? 2 : 1;
  return count;
}

/** Words that name scripts: the first operand of a program that runs files, all operands of some programs, and files for options. */
export function scriptOperands(command: Command, text: string): Word[] {
  const { words } = command;
  const operands = words.flatMap((word, index) => {
    const { text: program } = word;
    if (!FILE_RUNNERS.test(baseName(word)) || isDirectory(command, index, text)) return [];
    const rest = words.slice(index + 1);
    if (program === 'chmod' && rest.some(({ text: mode }) => KEEPS_NO_EXECUTION.test(mode))) return [];
    if (/^(?:chmod|srun|sbatch)$/.test(program)) return rest;
    return rest.filter((word) => !/^[-+]/.test(word.text)).slice(0, 1);
  });
  return [...operands, ...optionFiles(command, text)];
}

/** A mode with which a file cannot be run: `600`, `u=rw,go=`, `a+r`. */
const KEEPS_NO_EXECUTION = /^(?:[0-7]?[0246]{3}|(?:[au]|[go])*[-=+][rw]*(?:,(?:[au]|[go])*[-=+][rw]*)*)$/;

/** `--rcfile FILE`, `-f FILE` */
export function optionFiles(command: Command, text: string): Word[] {
  return invocations(command, text).flatMap(({ evaluator, rest }) =>
    rest.filter((_, at) => evaluator.optionsWithArgument?.test(rest[at - 1]?.text ?? '') === true),
  );
}

/** The program in this command that evaluates its standard input; undefined if there is none. */
export function inputEvaluator(command: Command, text: string): Omit<CodeRange, keyof Range> | undefined {
  const programs = invocations(command, text);
  const isFedWords = command.words.some((word) => WORDS_FROM_INPUT.test(baseName(word)));
  const found = isFedWords ? programs[0] : programs.find(({ evaluator, rest }) => readsInput(evaluator, rest));
  if (found === undefined) return undefined;
  return { by: found.name, ...(found.evaluator.isEvenPlain === true && { isEvenPlain: true }) };
}

function invocations(command: Command, text: string): Invocation[] {
  return command.words.flatMap((word, index) => {
    if (isDirectory(command, index, text)) return [];
    const raw = text.slice(word.start, word.end);
    const isShell = SHELL_VARIABLES.test(raw);
    const name = isShell ? raw : baseName(word);
    const programs = isShell ? ['sh'] : [name, ...programsIn(raw, text)];
    if (!programs.some((one) => ANY_EVALUATOR.test(one))) return [];
    const evaluator = EVALUATORS.find(({ names }) => programs.some((one) => names.test(one)));
    if (evaluator === undefined) return [];
    const rest = command.words.slice(index + 1);
    // `${S:-bash -c} …`: what the options make of the words is not known.
    const isWithOptions = !isShell && PROGRAM_WITHIN.exec(raw)?.[2] !== undefined;
    const own = isWithOptions ? { ...evaluator, words: { which: 'all' } as const } : evaluator;
    return [{ name: name === '\0' ? raw : name, evaluator: own, rest }];
  });
}

/**
 * Whether the word is `.` or `source` but not the builtin, as in `cp -r . "$DIR"`. A builtin is the first word of its command, unless that is an
 * expansion, which may be empty, or a function of the script, which may run its arguments.
 */
function isDirectory({ words, start, end }: Command, index: number, text: string): boolean {
  if (!/^(?:source|\.)$/.test(words[index]?.text ?? '')) return false;
  const first = words.find((word) => !/^(?:(?:command|builtin)$|-)/.test(word.text));
  if (first === undefined || first === words[index] || first.text.includes('\0')) return false;
  // The first word of an expanded command can come from elsewhere.
  return isInside(first, { start, end }) && !definesFunction(first.text, text);
}

/** `${S:-bash} -c …`, `$(command -v bash) -c …`; the arguments after the program, if there are any, are in the word as well. */
const PROGRAM_WITHIN =
  /^"?(?:\$\{\w+:?[-=]["']?|(?:\$\(|`)[ \t]*(?:command[ \t]+-[vV]|which|type[ \t]+-p|type[ \t]+-P)[ \t]+["']?)([\w./+-]+)([ \t]+-)?/;

/** `S=bash; $S -c …`: the programs that the script assigns to the variable, and those that the word itself names. */
function programsIn(raw: string, text: string): string[] {
  const programs = [PROGRAM_WITHIN.exec(raw)?.[1] ?? ''];
  const name = /^"?\$\{?([A-Za-z_]\w*)\}?"?$/.exec(raw)?.[1];
  if (name !== undefined) {
    const given = new RegExp(
      `(?:(?<![\\w$])${name}=["']?(?:\\$\\{\\w+:?[-=]["']?)?|\\$\\{${name}:?=["']?)([\\w./+-]+)["']?(?=[\\s;&|)}]|$)`,
      'g',
    );
    programs.push(...[...text.matchAll(given)].map(([, program = '']) => program));
  }
  return programs.filter((program) => program !== '').map((program) => program.slice(program.lastIndexOf('/') + 1));
}

function baseName({ text }: Word): string {
  return text.slice(text.lastIndexOf('/') + 1);
}

function wordsOfCode(evaluator: Evaluator, rest: readonly Word[]): readonly Word[] {
  const { words } = evaluator;
  if (words.which === 'all') return rest;
  if (words.which === 'like') {
    const first = rest.findIndex(({ text }) => words.pattern.test(text));
    return first === -1 ? [] : rest.slice(first, rest.findLastIndex(({ text }) => words.pattern.test(text)) + 1);
  }
  const own = words.isAnywhere === true ? rest : rest.slice(0, countOptions(evaluator, rest, POSSIBLE_OPTION));
  const option = own.findIndex(({ text }) => words.option.test(text));
  const last = words.isRepeated === true ? rest.findLastIndex(({ text }) => words.option.test(text)) : option;
  if (option !== -1) return rest.slice(option, afterOperand(rest, last + 1));
  if (words.which === 'after') return [];
  const start = countOptions(evaluator, rest, SURE_OPTION);
  return rest.slice(start, afterOperand(rest, start));
}

/** The index after the first word that is certainly an operand: an expansion may be an option, or nothing. */
function afterOperand(words: readonly Word[], from: number): number {
  const operand = words.findIndex(({ text }, index) => index >= from && !/^[-+\0]/.test(text));
  return operand === -1 ? words.length : operand + 1;
}

const SURE_OPTION = /^[-+]./;

/** An expansion may be an option. */
const POSSIBLE_OPTION = /^(?:[-+].|\0)/;

/** The number of words that are options of the program: options end at its first operand. */
function countOptions({ optionsWithArgument }: Evaluator, rest: readonly Word[], pattern: RegExp): number {
  let count = 0;
  for (let text = rest[0]?.text; text !== undefined && pattern.test(text); text = rest[count]?.text) {
    count += optionsWithArgument?.test(text) === true ? 2 : 1;
  }
  return count;
}

/** Whether the command for the other host is a single program, which reads its input as data. */
function readsData(words: readonly Word[]): boolean {
  const [{ text } = { text: '' }] = words;
  if (words.length !== 1 || !/^[\w.-]+(?:[^;&|`()\n\\]*)$/.test(text)) return false;
  return !text.split(/[\s<>'"=]+/).some((one) => {
    const name = one.slice(one.lastIndexOf('/') + 1);
    const isProgram = [ANY_EVALUATOR, FILE_RUNNERS, WORDS_FROM_INPUT, SCRIPT_FILE, /^(?:read|mapfile|readarray)$/];
    return isProgram.some((names) => names.test(name)) || RUNNERS.some(({ names }) => names.test(name));
  });
}

function readsInput(evaluator: Evaluator, rest: readonly Word[]): boolean {
  if (evaluator.input === 'code of the other host')
    return !readsData(rest.slice(countOptions(evaluator, rest, SURE_OPTION) + 1));
  if (evaluator.input !== 'code unless told') return evaluator.input === 'code';
  if (wordsOfCode(evaluator, rest).length > 0) return false;
  const options = countOptions(evaluator, rest, SURE_OPTION);
  if (rest.slice(0, options).some(({ text }) => /^-[A-Za-z]*s/.test(text))) return true;
  const operand = rest[options]?.text ?? '-';
  return operand === '\0' || operand === '-' || operand === '/dev/stdin';
}
