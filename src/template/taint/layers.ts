// The script, and each text in it that a shell reads again: a script within the script, which has variables of its own or shares them.
import { TemplateProblem } from '../errors.ts';
import { codeWords } from '../shell/code-words.ts';
import { lexRange } from '../shell/lex-script.ts';
import type { Command, LexedScript, Word } from '../shell/lexed-script.ts';
import { secondReadings } from '../shell/second-reading.ts';
import { isInside, type Range, type TemplateSource } from '../source.ts';

/** A script, or the text of another shell in it. Offsets are those of the template. */
export interface Layer {
  readonly script: LexedScript;
  readonly text: string;
  /** The words that it is given: those behind its text in the command that runs it. */
  readonly parameters: readonly Range[];
  /** The script in which it stands. */
  readonly outer: Layer | undefined;
  /** Under which its own parameters are known. */
  readonly id: string;
}

/** Programs whose code is no shell's. */
const NO_SHELL =
  /^(?:python|pypy|perl|ruby|node|php|lua|julia|R|[gmn]?awk|g?sed|jq|yq|sqlite3|psql|mysql|gdb|ed$|ex$|vi)/;

export function layersOf(source: TemplateSource, script: LexedScript): Layer[] {
  const layers: Layer[] = [{ script, text: source.text, parameters: [], outer: undefined, id: '' }];
  for (const layer of layers) layers.push(...innerLayers(source.file, layer));
  return layers;
}

function innerLayers(file: string, outer: Layer): Layer[] {
  const { script, text } = outer;
  const words = script.commands.flatMap((command) =>
    codeWords(command, text)
      .filter(({ by }) => !NO_SHELL.test(by))
      .flatMap((code) => command.words.filter((word) => isInside(word, code)))
      .flatMap((word) => innerLayer(file, outer, word, behind(command, word))),
  );
  const readings = secondReadings(script, text).flatMap(({ place, start, end }) =>
    place.kind === 'read again' && !NO_SHELL.test(place.by) ? [{ start, end }] : [],
  );
  const documents = script.documents
    .filter(({ isQuoted, body }) => isQuoted && readings.some((reading) => isInside(body, reading)))
    .flatMap(({ body }) => lexInner(file, outer, text, body, []));
  return [...words, ...documents];
}

function behind({ words }: Command, word: Word): Range[] {
  return words.slice(words.indexOf(word) + 1);
}

/** A word that is one quoted text; in double quotes what is escaped there is not escaped any more when it is read again. */
function innerLayer(file: string, outer: Layer, word: Word, parameters: readonly Range[]): Layer[] {
  const { text } = outer;
  const written = text.slice(word.start, word.end);
  const inside = { start: word.start + 1, end: word.end - 1 };
  if (/^'[^']*'$/.test(written)) return lexInner(file, outer, text, inside, parameters);
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(written)) return [];
  const unescaped = written.slice(1, -1).replaceAll(/\\([$"`\\])/g, ' $1');
  return lexInner(file, outer, text.slice(0, inside.start) + unescaped + text.slice(inside.end), inside, parameters);
}

/** Nothing, where it is no script that could be read. */
function lexInner(file: string, outer: Layer, text: string, range: Range, parameters: readonly Range[]): Layer[] {
  try {
    return [{ script: lexRange({ file, text }, range), text, parameters, outer, id: String(range.start) }];
  } catch (error) {
    if (error instanceof TemplateProblem) return [];
    throw error;
  }
}
