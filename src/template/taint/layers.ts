// The script, and each text in it that a shell reads again: a script within the script, which has variables of its own or shares them.
import { TemplateError } from '../errors.ts';
import { codeWordLists } from '../shell/code-words.ts';
import { lexRange } from '../shell/lex-script.ts';
import type { Command, LexedScript, Word } from '../shell/lexed-script.ts';
import { findReEvaluated } from '../shell/re-evaluated.ts';
import { isInside, type Range, type TemplateSource } from '../source.ts';

/** A script, or the text of another shell in it. Offsets are those of the template. */
export interface Layer {
  readonly script: LexedScript;
  readonly text: string;
  /** The words that it is given: those behind its text in the command that runs it. */
  readonly parameters: readonly LayeredWord[];
  /** Under which its own parameters are known. */
  readonly id: string;
  /** A text that a shell reads and this program can not: whatever is in it may be evaluated. */
  readonly unread?: Range;
}

/** A word, and the script in which it was read: commands are also put together of words from several places. */
export interface LayeredWord extends Word {
  readonly layer: Layer;
  /** The variable that holds it, where it is the text of one and no element of a list. */
  readonly heldBy?: string;
  /** The word that stands for the text of that variable. */
  readonly via?: LayeredWord;
}

/** Programs whose code is no shell's. */
const NO_SHELL =
  /^(?:python|pypy|perl|ruby|node|php|lua|julia|R|[gmn]?awk|g?sed|jq|yq|sqlite3|psql|mysql|gdb|ed$|ex$|vi)/;

export function findLayers(source: TemplateSource, script: LexedScript): Layer[] {
  const layers: Layer[] = [{ script, text: source.text, parameters: [], id: '' }];
  for (const layer of layers) layers.push(...innerLayers(source.file, layer));
  return layers;
}

function innerLayers(file: string, outer: Layer): Layer[] {
  const { script, text } = outer;
  const words = script.commands.flatMap((command) => layersOfCommand(file, command, layered(command.words, outer)));
  const readings = findReEvaluated(script, text).flatMap(({ context, start, end }) =>
    context.kind === 're-evaluated' && !NO_SHELL.test(context.by) ? [{ start, end }] : [],
  );
  const isRead = (range: Range): boolean => readings.some((reading) => isInside(range, reading));
  const documents = script.documents
    .filter(({ body }) => isRead(body))
    .flatMap(({ isQuoted, body, operatorAt }) => {
      // What bash makes of it first is not worked out here.
      if (!isQuoted) return unreadLayer(file, text, body);
      const owner = script.commands.find(({ start, end }) => operatorAt >= start && operatorAt < end);
      return lexInner(file, text, body, layered(owner?.words.slice(1) ?? [], outer));
    });
  return [...words, ...documents, ...printedLayers(file, outer, isRead), ...backquotedLayers(file, outer)];
}

/** The first reading leaves the text of backquotes alone, as it is unescaped before bash reads it. */
function backquotedLayers(file: string, { script, text, parameters, id }: Layer): Layer[] {
  return script.substitutions
    .filter(({ start }) => text[start] === '`')
    .flatMap(({ start, end }) => {
      const inside = { start: start + 1, end: end - 1 };
      return lexInner(file, unescapedWithin(text, inside), inside, parameters).map((layer) => ({ ...layer, id }));
    });
}

/** As long as before, so that every place stays where it is. */
function unescapedWithin(text: string, { start, end }: Range): string {
  return text.slice(0, start) + text.slice(start, end).replaceAll(/\\([$"`\\])/g, ' $1') + text.slice(end);
}

/** `echo '…' | bash`, `bash <<< '…'`: whole words of what a shell is fed. */
function printedLayers(file: string, outer: Layer, isRead: (range: Range) => boolean): Layer[] {
  const { commands, redirections } = outer.script;
  const printed = commands.flatMap(({ words: [program, ...rest] }) =>
    /^(?:echo|printf)$/.test(program?.text ?? '') ? rest : [],
  );
  const fed = redirections.flatMap(({ operator, target }) => (operator === '<<<' ? [target] : []));
  return layered([...printed, ...fed].filter(isRead), outer).flatMap((word) => innerLayer(file, word, []));
}

/** The texts that this command hands to a shell; its words may come from anywhere. */
export function layersOfCommand(file: string, command: Command, words: readonly LayeredWord[]): Layer[] {
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

export function layered(words: readonly Word[], layer: Layer): LayeredWord[] {
  return words.map((word) => ({ ...word, layer }));
}

/** A word that is one quoted text; in double quotes what is escaped there is not escaped any more when it is read again. */
function innerLayer(file: string, word: LayeredWord, parameters: readonly LayeredWord[]): Layer[] {
  const { text } = word.layer;
  const written = text.slice(word.start, word.end);
  const inside = { start: word.start + 1, end: word.end - 1 };
  if (/^'[^']*'$/.test(written)) return lexInner(file, text, inside, parameters);
  // Put together of several, or in quotes with escapes.
  if (/['"]/.test(written) && !/^"(?:[^"\\]|\\.)*"$/s.test(written)) return unreadLayer(file, text, word);
  if (!written.startsWith('"')) return [];
  return lexInner(file, unescapedWithin(text, inside), inside, parameters);
}

function lexInner(file: string, text: string, range: Range, parameters: readonly LayeredWord[]): Layer[] {
  try {
    return [{ script: lexRange({ file, text }, range), text, parameters, id: String(range.start) }];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return unreadLayer(file, text, range);
  }
}

function unreadLayer(file: string, text: string, range: Range): Layer[] {
  const nothing = lexRange({ file, text }, { start: range.start, end: range.start });
  return [{ script: nothing, text, parameters: [], id: String(range.start), unread: range }];
}
