// Finds the ranges of a script that are re-evaluated: as code, as the name of a variable, or as arithmetic.
import { isInside, type Range } from '../template-source.ts';
import {
  codeWords,
  inputEvaluator,
  nameWords,
  optionFiles,
  scriptOperands,
  type CodeRange,
} from './find-code-words.ts';
import { declarations, declaredNames, type ReEvaluatedRange } from './find-evaluated-assignments.ts';
import type { Command, LexedScript, Redirection, Occurrence, Word, QuotingContext } from './lexer-result.ts';
import { SCRIPT_FILE, SCRIPT_START } from './programs-that-run-code.ts';

/** Positional parameters, with which a function passes its arguments to commands in its body. */
const PARAMETERS = /\$(?:[@*1-9]|\{[@*1-9])/;

/**
 * Replaces the contexts of placeholders in the re-evaluated ranges of the script. Arithmetic is the strictest context, and takes
 * precedence.
 */
export function assignContexts(script: LexedScript, text: string, ranges: readonly ReEvaluatedRange[]): Occurrence[] {
  return script.occurrences.map((occurrence) => {
    const around = ranges.filter((range) => isInside(occurrence.placeholder, range));
    const range = around.find(({ context }) => context.kind === 'number') ?? around[0];
    if (range === undefined) return occurrence;
    const isOfSed = range.context.kind === 're-evaluated' && /^g?sed$/.test(range.context.by);
    return {
      placeholder: occurrence.placeholder,
      context: isOfSed ? sedContext(text, occurrence.placeholder) : range.context,
    };
  });
}

/** In no order. */
export function findReEvaluated(script: LexedScript, text: string): ReEvaluatedRange[] {
  const names = declaredNames(script.commands, text);
  const code = [
    ...script.commands.flatMap((command) => codeOfCommand(command, script, text)),
    ...codeOfInput(script, text),
    ...scriptFiles(script, text),
    ...script.redirections.filter(({ operator }) => operator === '>&').map(targetOfDuplication),
    ...script.commands.flatMap((command) => descriptorNames(command, script)),
  ];
  return [
    ...script.arithmetic.map(({ start, end, where }): ReEvaluatedRange => {
      const array = where === 'an array subscript' ? /(\w*)\[$/.exec(text.slice(0, start))?.[1] : undefined;
      return array !== undefined && names.associative.has(array)
        ? { start, end, context: { kind: 're-evaluated', by: `bash, as a key of ${array}` }, isKey: true }
        : { start, end, context: { kind: 'number', where } };
    }),
    ...script.commands.flatMap((command) => declarations(command, names, text)),
    ...code
      .flatMap((range) => withDocuments(range, script))
      .map(({ start, end, by, isEvenPlain }): ReEvaluatedRange => ({
        start,
        end,
        context: isEvenPlain === true ? { kind: 'number', where: `code of ${by}` } : { kind: 're-evaluated', by },
      })),
  ];
}

/** `exec {fds[WORD]}>file` assigns the number of the descriptor to that element, and evaluates the subscript. */
function descriptorNames({ words }: Command, { redirections }: LexedScript): CodeRange[] {
  return words
    .filter(({ text, end }) => /^\{\w+\[/.test(text) && redirections.some(({ start }) => start === end))
    .map(({ start, end }) => ({ start, end, by: 'bash, as the name of a variable' }));
}

/** bash expands the word of `>&WORD` twice if it is not a number (redir.c: it converts it to `&>` and starts again). */
function targetOfDuplication({ target: { start, end } }: Redirection): CodeRange {
  return { start, end, by: 'bash, after >&' };
}

function codeOfCommand(command: Command, script: LexedScript, text: string): CodeRange[] {
  const ranges = [...codeWords(command, text), ...nameWords(command)];
  const [first] = command.words;
  if (first === undefined) return ranges;
  if (script.occurrences.some(({ placeholder }) => isInside(placeholder, first))) {
    ranges.push({ start: first.start, end: command.end, by: 'a command whose name is a value' });
  }
  const body = script.functions.find(({ name }) => name === first.text)?.body;
  if (body !== undefined && passesArguments(body, script, text)) {
    ranges.push({ start: first.start, end: command.end, by: `the function ${first.text}` });
  }
  return ranges;
}

/** Whether the body of a function passes its parameters to something that evaluates them. */
function passesArguments(body: Range, script: LexedScript, text: string): boolean {
  return script.commands
    .filter((command) => isInside(command, body))
    .flatMap((command) => codeWords(command, text))
    .some(({ start, end }) => PARAMETERS.test(text.slice(start, end)));
}

/** The input of programs that evaluate their standard input: from a pipe, a redirection, or `<(…)` as script. */
function codeOfInput(script: LexedScript, text: string): CodeRange[] {
  const evaluators = script.commands.flatMap((command) => {
    const evaluator = inputEvaluator(command, text) ?? functionEvaluator(command, script, text);
    return evaluator === undefined ? [] : [{ command, evaluator }];
  });
  const read = evaluators.flatMap(({ command, evaluator }) =>
    inputsOf(command, script, text).map(({ start, end }) => ({ ...evaluator, start, end })),
  );
  const optional = script.commands
    .flatMap((command) => optionFiles(command, text))
    .filter((word) => script.processSubstitutions.some((one) => isInside(one, word)))
    .map(({ start, end }) => ({ start, end, by: 'the program that reads this file' }));
  return [...read, ...optional];
}

/** The sources of a command's standard input: pipeline elements before it, here-documents, here-strings, substitutions. */
export function inputsOf(command: Command, script: LexedScript, text: string): Range[] {
  const fed: Range[] = script.pipelines.flatMap(({ start, elements }) => {
    const element = elements.find((candidate) => isInside(command, candidate));
    return element === undefined ? [] : [{ start, end: element.start }];
  });
  for (const around of [command, ...script.compounds.filter((compound) => isInside(command, compound))]) {
    fed.push(...redirectedInputs(around, script));
  }
  if (readsOpened(command, script)) {
    const openers = script.commands.filter(({ words: [program] }) => program?.text === 'exec');
    fed.push(...openers.flatMap((opener) => redirectedInputs(opener, script)));
  }
  for (const substitution of script.processSubstitutions) {
    const isOutput = text[substitution.start] === '>' && isInside(command, substitution);
    if (isInside(substitution, command)) fed.push(substitution);
    if (isOutput) fed.push(...enclosingCommands(substitution, script).slice(0, 1));
  }
  return fed;
}

/** Whether the command reads a descriptor that an earlier `exec 3<…` has opened. */
export function readsOpened(command: Command, { redirections, compounds }: LexedScript): boolean {
  if (command.words.some(({ text }) => /^-u|^\/dev\/fd\//.test(text))) return true;
  const around = [command, ...compounds.filter((compound) => isInside(command, compound))];
  return redirections.some(
    ({ operator, start, end }) => operator === '<&' && around.some((one) => isInside({ start, end }, one)),
  );
}

function functionEvaluator(command: Command, script: LexedScript, text: string): ReturnType<typeof inputEvaluator> {
  const [first] = command.words;
  const body = script.functions.find(({ name }) => name === first?.text)?.body;
  if (body === undefined) return undefined;
  return script.commands
    .filter((candidate) => isInside(candidate, body))
    .map((candidate) => inputEvaluator(candidate, text))
    .find((evaluator) => evaluator !== undefined);
}

/** The here-documents and here-strings of this command, without those of commands inside it. */
function redirectedInputs(owner: Range, script: LexedScript): Range[] {
  const isOwn = (at: number): boolean =>
    at >= owner.start && at <= owner.end && enclosingCommands({ start: at, end: at }, script)[0] === owner;
  return [
    ...script.documents.filter(({ operatorAt }) => isOwn(operatorAt)).map(({ body }) => body),
    ...script.redirections.filter(({ start, operator }) => operator.startsWith('<') && isOwn(start)),
  ];
}

/** The commands around a range, the innermost first. */
export function enclosingCommands(place: Range, script: LexedScript): Range[] {
  return [...script.commands, ...script.compounds]
    .filter((command) => isInside(place, command) && command !== place)
    .sort((a, b) => a.end - a.start - (b.end - b.start));
}

/** A format of printf, without expansions, whose arguments are quoted, or numbers. */
export const QUOTED_FORMAT = /^(?:[^%\0]|%%|%[0-9]*[qd])*$/;

/** The part of a command that can reach its output unquoted: of `printf 'NAME=%q' "$NAME"` only the format. */
export function printedAsIs(owner: Range, { commands }: LexedScript): Range {
  const [program, format] = commands.find((command) => command === owner)?.words ?? [];
  const isQuoted =
    program?.text === 'printf' && format?.text.startsWith('-') === false && QUOTED_FORMAT.test(format.text);
  return isQuoted ? format : owner;
}

/** Here-documents that begin like a script, and commands whose output goes to a file that is a script. */
function scriptFiles(script: LexedScript, text: string): CodeRange[] {
  const documents = script.documents
    .filter(({ body }) => SCRIPT_START.test(text.slice(body.start, body.end)))
    .map(({ body }) => ({ ...body, by: 'the shell that runs this here-document' }));
  const files = script.redirections
    .filter(({ operator, target }) => operator.includes('>') && isScriptFile(target, script, text))
    .flatMap((redirection) =>
      enclosingCommands(redirection, script)
        .slice(0, 1)
        .map((owner) => printedAsIs(owner, script))
        .map(({ start, end }) => ({ start, end, by: runnerOf(redirection.target) })),
    );
  const copies = script.commands.flatMap((command) => {
    const [program, ...rest] = command.words;
    const file = program?.text === 'tee' ? rest.find((word) => isScriptFile(word, script, text)) : undefined;
    if (file === undefined) return [];
    return inputsOf(command, script, text).map(({ start, end }) => ({ start, end, by: runnerOf(file) }));
  });
  return [...documents, ...files, ...copies];
}

function runnerOf({ text }: Word): string {
  return `the shell that runs ${text.replaceAll('\0', '…')}`;
}

/** Whether the file is named like a script, or is run by the script itself. */
function isScriptFile(word: Word, script: LexedScript, text: string): boolean {
  if (SCRIPT_FILE.test(word.text)) return true;
  const { commands } = script;
  const files = new Set([fileName(word, text)]);
  for (const { words } of commands) {
    const last = words.at(-1);
    const isCopy = /^(?:cp|mv|ln|install)$/.test(words[0]?.text ?? '');
    if (isCopy && last !== undefined && words.some((other) => files.has(fileName(other, text))))
      files.add(fileName(last, text));
  }
  const isSame = (other: Word): boolean => other.start !== word.start && files.has(fileName(other, text));
  if (commands.some((command) => isSame(command.words[0] ?? word) || scriptOperands(command, text).some(isSame)))
    return true;
  const read = [
    ...commands.flatMap((command) => codeWords(command, text)),
    ...commands
      .filter((command) => inputEvaluator(command, text) !== undefined)
      .flatMap((command) => inputsOf(command, script, text)),
  ];
  const named = [...commands.flatMap(({ words }) => words), ...script.redirections.map(({ target }) => target)];
  return named.some((other) => isSame(other) && read.some((range) => isInside(other, range)));
}

function fileName({ start, end }: Word, text: string): string {
  return text.slice(start, end).replaceAll(/["']/g, '').replace(/^\.\//, '');
}

/** The range, and the text of each here-document announced in it. */
function withDocuments(range: CodeRange, script: LexedScript): CodeRange[] {
  const bodies = script.documents
    .filter(({ operatorAt }) => operatorAt >= range.start && operatorAt < range.end)
    .map(({ body }) => ({ ...range, ...body }));
  return [range, ...bodies];
}

/** An open `s` command with its delimiter, and at most one more delimiter before the placeholder. */
const OPEN_SUBSTITUTION = /(?:^|[^A-Za-z_\\])[sy]([^\w\s\\;])(?:(?!\1)[^\n])*(?:\1(?:(?!\1)[^\n])*)?$/;

/** The context within a sed script, where a plain word can be code (`e` runs a command, `w` writes a file); within `s/…/…/` it is text. */
function sedContext(text: string, { start, end }: Range): QuotingContext {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const delimiter = OPEN_SUBSTITUTION.exec(text.slice(lineStart, start))?.[1];
  const [rest = ''] = text.slice(end).split('\n', 1);
  if (delimiter === undefined || !rest.includes(delimiter)) return { kind: 'number', where: 'a command of sed' };
  return { kind: 're-evaluated', by: 'sed', except: delimiter };
}
