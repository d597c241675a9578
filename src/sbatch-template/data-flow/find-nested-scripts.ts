// Finds the nested scripts of a script: each text in it that a shell evaluates. They share its variables or have their own.
import { TemplateError } from '../errors.ts';
import { codeWordLists } from '../shell/find-code-words.ts';
import { lexRange } from '../shell/lex-script.ts';
import type { Command, LexedScript, ShellFunction, Word } from '../shell/lexer-result.ts';
import type { ReEvaluatedRange } from '../shell/find-evaluated-assignments.ts';
import { findReEvaluated } from '../shell/find-re-evaluated-text.ts';
import { isInside, type Range } from '../template-source.ts';

/** A script or a nested script. Offsets are those of the template. */
export interface NestedScript {
  readonly script: LexedScript;
  readonly text: string;
  readonly reEvaluated: readonly ReEvaluatedRange[];
  /** Its arguments: the words after its text in the command that runs it. */
  readonly parameters: readonly LayeredWord[];
  /** Identifies its parameters. */
  readonly id: string;
  /** A text that a shell evaluates and this program cannot parse: anything in it may be evaluated. */
  readonly unread?: Range;
}

/** A word with its script: an expanded command can have words from several scripts. */
export interface LayeredWord extends Word {
  readonly layer: NestedScript;
  /** The variable whose text it is; undefined for an element of a list. */
  readonly heldBy?: string;
  /** The word that expands to the text of that variable. */
  readonly via?: LayeredWord;
  /** Bash splits that text into words. */
  readonly isSplit?: true;
}

/** Programs whose code is not a shell script. */
const NO_SHELL =
  /^(?:python|pypy|perl|ruby|node|php|lua|julia|R|[gmn]?awk|g?sed|jq|yq|sqlite3?|duckdb|[ls]?ftp|psql|mysql|gdb|ed$|ex$|vi)/;

/** The script and its nested scripts. */
export function findLayers(file: string, whole: NestedScript): NestedScript[] {
  const layers = [whole];
  for (const layer of layers) layers.push(...innerLayers(file, layer));
  return layers;
}

/** @param id empty for the whole script */
export function nestedScript(
  script: LexedScript,
  text: string,
  parameters: readonly LayeredWord[],
  id: string,
): NestedScript {
  return { script, text, reEvaluated: findReEvaluated(script, text), parameters, id };
}

function innerLayers(file: string, outer: NestedScript): NestedScript[] {
  const { script, text } = outer;
  const words = script.commands.flatMap((command) => layersOfCommand(file, command, layered(command.words, outer)));
  const readings = outer.reEvaluated.flatMap(({ context, start, end }) =>
    context.kind === 're-evaluated' && !NO_SHELL.test(context.by) ? [{ start, end }] : [],
  );
  const isRead = (range: Range): boolean => readings.some((reading) => isInside(range, reading));
  const documents = script.documents
    .filter(({ body }) => isRead(body))
    .flatMap(({ isQuoted, body, operatorAt }) => {
      // bash expands it first, which is not computed here.
      if (!isQuoted) return unreadLayer(file, text, body);
      const owner = script.commands.find(({ start, end }) => operatorAt >= start && operatorAt < end);
      return lexInner(file, text, body, layered(owner?.words.slice(1) ?? [], outer));
    });
  return [...words, ...documents, ...printedLayers(file, outer, isRead), ...backquotedLayers(file, outer)];
}

/** The lexer does not parse the text of backquotes, because bash unescapes it first. */
function backquotedLayers(file: string, { script, text, parameters, id }: NestedScript): NestedScript[] {
  return script.substitutions
    .filter(({ start }) => text[start] === '`')
    .flatMap(({ start, end }) => {
      const inside = { start: start + 1, end: end - 1 };
      return lexInner(file, unescapedWithin(text, inside), inside, parameters).map((layer) => ({ ...layer, id }));
    });
}

/** Keeps the length, so that offsets do not change. */
function unescapedWithin(text: string, { start, end }: Range): string {
  return text.slice(0, start) + text.slice(start, end).replaceAll(/\\([$"`\\])/g, ' $1') + text.slice(end);
}

/** `echo '…' | bash`, `bash <<< '…'`: the whole words in the input of a shell. */
function printedLayers(file: string, outer: NestedScript, isRead: (range: Range) => boolean): NestedScript[] {
  const { commands, redirections } = outer.script;
  const printed = commands.flatMap(({ words: [program, ...rest] }) =>
    /^(?:echo|printf)$/.test(program?.text ?? '') ? rest : [],
  );
  const fed = redirections.flatMap(({ operator, target }) => (operator === '<<<' ? [target] : []));
  return layered([...printed, ...fed].filter(isRead), outer).flatMap((word) => innerLayer(file, word, []));
}

/** The texts that this command passes to a shell; its words may come from several scripts. */
export function layersOfCommand(file: string, command: Command, words: readonly LayeredWord[]): NestedScript[] {
  const [first] = words;
  if (first === undefined) return [];
  return codeWordLists({ ...command, words }, first.layer.text)
    .filter(({ by }) => !NO_SHELL.test(by))
    .flatMap((list) =>
      words
        .filter((word) => list.words.includes(word))
        .flatMap((word) => innerLayer(file, word, words.slice(words.indexOf(word) + 1))),
    );
}

export function layered(words: readonly Word[], layer: NestedScript): LayeredWord[] {
  return words.map((word) => ({ ...word, layer }));
}

/** The script in a word that is one quoted text; the outer shell removes the escapes in double quotes. */
function innerLayer(file: string, word: LayeredWord, parameters: readonly LayeredWord[]): NestedScript[] {
  const { text } = word.layer;
  const written = text.slice(word.start, word.end);
  const inside = { start: word.start + 1, end: word.end - 1 };
  if (/^'[^']*'$/.test(written)) return lexInner(file, text, inside, parameters);
  // Several texts, or quotes with escapes.
  if (/['"]/.test(written) && !/^"(?:[^"\\]|\\.)*"$/s.test(written)) return unreadLayer(file, text, word);
  if (!written.startsWith('"')) return [];
  return lexInner(file, unescapedWithin(text, inside), inside, parameters);
}

function lexInner(file: string, text: string, range: Range, parameters: readonly LayeredWord[]): NestedScript[] {
  try {
    return [nestedScript(lexRange({ file, text }, range), text, parameters, String(range.start))];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return unreadLayer(file, text, range);
  }
}

function unreadLayer(file: string, text: string, range: Range): NestedScript[] {
  const nothing = lexRange({ file, text }, { start: range.start, end: range.start });
  return [{ ...nestedScript(nothing, text, [], String(range.start)), unread: range }];
}

/** The name for the input of a command. */
export function inputName({ start }: Command, { id }: NestedScript): string {
  return `<${id}:${start}`;
}

/** The name for the parameters `$1` and `$@` here: those of the innermost function, or of the script. */
export function scopeAt(at: number, script: LexedScript, id: string): string {
  return `@${functionsAround(at, script)[0]?.name ?? id}`;
}

/** The innermost first. */
export function functionsAround(at: number, { functions }: LexedScript): ShellFunction[] {
  return functions
    .filter(({ body }) => isInside({ start: at, end: at }, body))
    .sort((a, b) => a.body.end - a.body.start - (b.body.end - b.body.start));
}
