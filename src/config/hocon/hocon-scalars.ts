// The tokens of HOCON: quoted and unquoted text, numbers, true, false and null, as in ClearML's parser.
import type { Leaf, Scalar } from '../config-tree.ts';
import type { Cursor } from './hocon-cursor.ts';

// The patterns are those of the pyhocon fork that ClearML ships.
const MULTILINE = /"""([\s\S]*?"*)"""/y;
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/y;
const NUMBER = /[+-]?(?:\d*\.\d+|\d+(?:\.\d+)?)(?:[eE][+-]?\d+)?(?=$|[ \t]*(?:[$}\],#\n\r]|\/\/))/y;
const UNQUOTED = /(?:[^`^+?!@*&"[{\s\]}#,=$\\]|\\.)+/y;

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g;
// An unknown escape stays as it is, with its backslash, because users write regular expressions and Windows paths.
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  '/': '/',
  n: '\n',
  r: '\r',
  t: '\t',
  '=': '=',
  '#': '#',
  '!': '!',
};
const WORDS: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** The next token of a value, or undefined if there is none. */
export function parseScalar(cursor: Cursor): Leaf | undefined {
  const origin = cursor.origin();
  if (cursor.peek() === '"') {
    const text = cursor.take(MULTILINE)?.[1] ?? parseQuoted(cursor);
    return text === undefined ? undefined : { kind: 'leaf', value: text, text, origin };
  }
  const number = cursor.take(NUMBER)?.[0];
  if (number !== undefined) return { kind: 'leaf', value: numberFrom(number), text: number, origin };
  const word = cursor.take(UNQUOTED)?.[0];
  if (word === undefined) return undefined;
  const text = unescaped(word);
  const named = WORDS.get(word.toLowerCase());
  return { kind: 'leaf', value: named === undefined ? text : named, text, origin };
}

/** A text in double quotes on one line. */
export function parseQuoted(cursor: Cursor): string | undefined {
  const inside = cursor.take(QUOTED)?.[1];
  return inside === undefined ? undefined : unescaped(inside);
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (whole, unicode: string | undefined, single: string | undefined) => {
    if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16));
    return ESCAPED[single ?? ''] ?? whole;
  });
}

function numberFrom(text: string): Scalar {
  const value = Number(text);
  // A key or an account written as a long number must not lose its last digits.
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^[+-]?\d+$/.test(text) ? text : value;
}
