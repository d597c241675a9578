// Reads the texts that tests expect from the program, and looks for each in the texts that it can print.
import { parseFileSync } from '@swc/core';

/** A literal of a file, with `null` for each placeholder. */
export type Text = readonly (string | null)[];

interface SourceNode {
  readonly type?: string;
  readonly [field: string]: unknown;
}

/** Methods whose arguments state what a log, a console or a page contains; `until(…)` itself only takes a description. */
const EXPECTING = /^(?:until(?!Task)\w+|contains?|includes?|match|startsWith|endsWith)$/;

/** Properties of tables of tests, which such a method gets. */
const EXPECTED_PROPERTY = /^(?:words|message)$/;

/** What a regular expression leaves open. */
const OPEN_IN_PATTERN = /\\[a-zA-Z]|\[[^\]]*\][*+?]?|\(\?[:=!<]+|(?<!\\)[.*+?|(){}^$]+/;

/** Where a message continues with another text: punctuation, and values such as paths, numbers, options, states and Python's constants. */
const SEAM = /\S*[\d/=_<>\n]\S*|\b(?:[A-Z]{2,}|None|True|False)\b|--[a-z]\S*|[.:;,()[\]](?:\s|$)|\s[([]/;

/** Runs of fewer words occur by chance. */
const LEAST_WORDS = 3;

/** A placeholder in a sentence is seldom longer. */
const MOST_WORDS_OF_VALUE = 2;

const PLACEHOLDER = '\u0001';

function isNode(value: unknown): value is SourceNode {
  return typeof value === 'object' && value !== null;
}

/** The text of a literal, of a template, or of several joined by `+`; undefined for any other expression. */
function textOf(node: SourceNode): Text | undefined {
  switch (node.type) {
    case 'StringLiteral':
      return [String(node['value'])];
    case 'TemplateLiteral':
      return (node['quasis'] as readonly { cooked: string }[]).flatMap(({ cooked }, index) =>
        index === 0 ? [cooked] : [null, cooked],
      );
    case 'RegExpLiteral':
      return String(node['pattern'])
        .split(OPEN_IN_PATTERN)
        .map((part) => part.replaceAll('\\', ''))
        .flatMap((part, index) => (index === 0 ? [part] : [null, part]));
    case 'BinaryExpression': {
      const sides = [node['left'], node['right']].map((side) => (isNode(side) ? textOf(side) : undefined));
      const isText = node['operator'] === '+' && sides.some((side) => side !== undefined);
      return isText ? sides.flatMap((side) => side ?? [null]) : undefined;
    }
    default:
      return undefined;
  }
}

function nameOfCallee(call: SourceNode): string {
  const callee = call['callee'] as { value?: string; property?: { value?: string } };
  return callee.property?.value ?? callee.value ?? '';
}

/** The texts of a file: those that it expects of another program, and all others, which include the code of its tasks. */
export function readTexts(file: string): { expected: readonly Text[]; others: readonly Text[] } {
  const expected: Text[] = [];
  const others: Text[] = [];

  function visit(value: unknown, isExpected: boolean): void {
    if (Array.isArray(value)) for (const each of value) visit(each, isExpected);
    if (!isNode(value) || Array.isArray(value)) return;
    const text = textOf(value);
    if (text !== undefined) (isExpected ? expected : others).push(text);
    if (value.type === 'CallExpression') {
      visit(value['callee'], false);
      visit(value['arguments'], EXPECTING.test(nameOfCallee(value)));
    } else if (value.type === 'KeyValueProperty') {
      const { value: name } = value['key'] as { value?: unknown };
      visit(value['value'], isExpected || EXPECTED_PROPERTY.test(String(name)));
    } else {
      for (const [key, child] of Object.entries(value)) if (key !== 'span') visit(child, isExpected);
    }
  }

  visit(parseFileSync(file, { syntax: 'typescript', target: 'es2022' }).body, false);
  return { expected, others };
}

function withoutQuotes(text: string): string {
  return text.replaceAll(/["'`“”‘’]/g, '').replaceAll(/\s+/g, ' ');
}

/** The runs of at least three words in a text that no value interrupts. */
export function wordRuns(text: Text): string[] {
  return text
    .flatMap((part) => (part === null ? [] : part.split(SEAM)))
    .map((run) => withoutQuotes(run).trim())
    .map((run) => run.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, ''))
    .filter((run) => run.split(' ').length >= LEAST_WORDS);
}

/**
 * Whether these words are the given pattern from its beginning on, as far as both go, where a word of the pattern with a
 * placeholder is one or two words. Two thirds of them must be words of the pattern.
 */
function begins(pattern: readonly string[], words: readonly string[], known = 0, of = words.length): boolean {
  const [first, ...rest] = pattern;
  const [word, ...others] = words;
  if (word === undefined) return known * 3 >= of * 2;
  if (first === undefined) return false;
  if (first === word) return begins(rest, others, known + 1, of);
  if (!first.includes(PLACEHOLDER)) return false;
  return Array.from({ length: MOST_WORDS_OF_VALUE }).some((_, index) =>
    begins(rest, words.slice(index + 1), known, of),
  );
}

/** With one mark for each placeholder, also those of shell scripts and of `String.replace`. */
function asSource(text: Text): string {
  return withoutQuotes(text.map((part) => part?.replaceAll(/\$(?:\w+|\{\w+\})/g, PLACEHOLDER) ?? PLACEHOLDER).join(''));
}

/** A function that tells whether the program can print this run of words, from all its texts. */
export function createSearch(texts: readonly Text[]): (run: string) => boolean {
  const sources = [...new Set(texts.map(asSource))];
  const all = sources.join('\n');
  // Another text may come before and after each.
  const patterns = sources.map((source) => [PLACEHOLDER, ...source.trim().split(/[.,:;]? /), PLACEHOLDER]);
  return (run) => {
    if (all.includes(run)) return true;
    const words = run.split(' ');
    return patterns.some((pattern) => pattern.some((_, start) => begins(pattern.slice(start), words)));
  };
}
