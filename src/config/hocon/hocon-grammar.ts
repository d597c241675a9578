// The grammar of HOCON: from text to a tree with unresolved substitutions.
import { leaf } from '../config-tree.ts';
import type { ConfigError } from '../errors.ts';
import type { Blame, Cursor } from './hocon-cursor.ts';
import { mergeDrafts, type Draft, type DraftList, type DraftTree, type Piece } from './hocon-draft.ts';
import { parseQuoted, parseScalar } from './hocon-scalars.ts';
import { isSecretKey } from '../secret-setting-names.ts';

const DEEPEST = 100;

const BLANKS = /[ \t]*/y;
const COMMENT = /(?:#|\/\/)[^\r\n]*/y;
const BETWEEN_FIELDS = /[ \t\r\n,]+/y;
const LINE_BREAKS = /[ \t\r\n]+/y;
const CONTINUATION = /\\[ \t]*[\r\n]+/y;
const KEY_WORD = /[A-Za-z0-9\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u00FF_\- /]+/y;
const DOT = /\./y;
const SEPARATOR = /\+=|[=:]/y;
const REFERENCE = /\$\{(\??)([^}\r\n]+)\}/y;
const OPEN_TREE = /\{/y;
const CLOSE_TREE = /\}/y;
const OPEN_LIST = /\[/y;
const CLOSE_LIST = /\]/y;

/** The context of a text: what it may include, how deep it is nested, and whether its values are secret. */
export interface ParseState {
  readonly cursor: Cursor;
  /** Reads another file; undefined if it does not exist. */
  readonly include: (target: IncludeTarget, state: ParseState, blame: Blame) => DraftTree | undefined;
  readonly depth: number;
  readonly isSecret: boolean;
}

/** A whole file: fields, with or without braces around them. */
export function parseDocument(state: ParseState): DraftTree {
  const { cursor } = state;
  skip(cursor, BETWEEN_FIELDS);
  if (cursor.peek() === '[') throw cursor.blame()('a configuration consists of named settings, not of a list');
  const tree = cursor.peek() === '{' ? parseTree(state) : parseFields(state, '');
  skip(cursor, BETWEEN_FIELDS);
  if (cursor.peek() !== '') throw unexpected(state);
  return tree;
}

/** A text that is one value and nothing else. */
export function parseLoneValue(state: ParseState): Draft {
  skip(state.cursor, LINE_BREAKS);
  const value = parseValue(state);
  skip(state.cursor, LINE_BREAKS);
  if (state.cursor.peek() !== '') throw unexpected(state);
  return value;
}

function parseTree(state: ParseState): DraftTree {
  const open = state.cursor.blame(state.isSecret);
  state.cursor.take(OPEN_TREE);
  const tree = parseFields(state, '}');
  if (state.cursor.take(CLOSE_TREE) === undefined) throw open('this "{" has no closing "}"');
  return tree;
}

function parseFields(state: ParseState, end: '' | '}'): DraftTree {
  const { cursor } = state;
  if (state.depth > DEEPEST) throw cursor.blame(state.isSecret)(`settings are nested deeper than ${DEEPEST} levels`);
  const origin = cursor.origin();
  const fields = new Map<string, Draft>();
  for (;;) {
    skip(cursor, BETWEEN_FIELDS);
    if (cursor.peek() === end || cursor.peek() === '') return { kind: 'tree', fields, origin };
    const blame = cursor.blame();
    const target = parseIncludeTarget(cursor);
    const more = target === undefined ? parseField(state) : state.include(target, state, blame);
    for (const [name, value] of more?.fields ?? []) fields.set(name, mergeDrafts(fields.get(name), value));
  }
}

/** `key = value`, as a tree with only this field. */
function parseField(state: ParseState): DraftTree {
  const { cursor } = state;
  const origin = cursor.origin();
  const blame = cursor.blame(state.isSecret);
  const [first, ...rest] = parseKey(state);
  const isSecret = state.isSecret || [first, ...rest].some(isSecretKey);
  const inside = { ...state, isSecret, depth: state.depth + rest.length };
  skip(cursor, LINE_BREAKS);

  let value: Draft;
  if (cursor.peek() === '{') {
    value = parseTree({ ...inside, depth: inside.depth + 1 });
  } else {
    const separator = cursor.take(SEPARATOR)?.[0];
    if (separator === undefined) throw blame('this key is not followed by "=", ":" or "{"');
    skip(cursor, LINE_BREAKS);
    value = parseValue(inside, separator === '+=');
  }
  const field = rest.reduceRight<Draft>(
    (inner, name) => ({ kind: 'tree', fields: new Map([[name, inner]]), origin }),
    // Errors point to the key, because the value may be lines below it.
    { ...value, origin },
  );
  return { kind: 'tree', fields: new Map([[first, field]]), origin };
}

function parseKey(state: ParseState): [string, ...string[]] {
  const { cursor } = state;
  const blame = cursor.blame(state.isSecret);
  const path: string[] = [];
  for (;;) {
    const quoted = parseQuoted(cursor);
    const name = quoted ?? cursor.take(KEY_WORD)?.[0].trim() ?? '';
    if (quoted !== undefined || name !== '') path.push(name);
    cursor.take(BLANKS);
    if (cursor.take(DOT) === undefined) break;
  }
  const [first, ...rest] = path;
  if (first === undefined) throw unexpected(state, 'a key');
  if (state.depth + path.length > DEEPEST) throw blame(`settings are nested deeper than ${DEEPEST} levels`);
  return [first, ...rest];
}

function parseValue(state: ParseState, appends = false): Draft {
  const origin = state.cursor.origin();
  const blame = state.cursor.blame(state.isSecret);
  const pieces = parsePieces(state);
  if (!appends) {
    const [only] = pieces;
    if (only === undefined) return leaf('', origin);
    if (pieces.length === 1 && only.part.kind !== 'reference') return only.part;
  }
  return { kind: 'pending', pieces, appends, previous: undefined, origin, blame };
}

/** The parts of a value, up to the end of its line, a comma, a closing bracket or a comment. */
function parsePieces(state: ParseState): Piece[] {
  const { cursor } = state;
  const pieces: Piece[] = [];
  let gap = '';
  for (;;) {
    gap += cursor.take(BLANKS)?.[0] ?? '';
    if (cursor.take(CONTINUATION) !== undefined) {
      cursor.take(BLANKS);
      continue;
    }
    if (/^(?:$|[\r\n,}\]#]|\/\/)/.test(cursor.peek(2))) return pieces;
    pieces.push({ gap: pieces.length === 0 ? '' : gap, part: parsePart(state) });
    gap = '';
  }
}

function parsePart(state: ParseState): Piece['part'] {
  const { cursor } = state;
  const blame = cursor.blame(state.isSecret);
  if (cursor.peek() === '{') return parseTree({ ...state, depth: state.depth + 1 });
  if (cursor.peek() === '[') return parseList({ ...state, depth: state.depth + 1 });
  const [, mark, name] = cursor.take(REFERENCE) ?? [];
  if (name !== undefined) return { kind: 'reference', name: name.trim(), isOptional: mark === '?', blame };
  if (parseIncludeTarget(cursor) !== undefined)
    throw blame('an include cannot be part of a value: put the include in the place of a key');
  const word = parseScalar(cursor);
  if (word !== undefined) return word;
  throw unexpected(state);
}

function parseList(state: ParseState): DraftList {
  const { cursor } = state;
  const origin = cursor.origin();
  const open = cursor.blame(state.isSecret);
  if (state.depth > DEEPEST) throw open(`settings are nested deeper than ${DEEPEST} levels`);
  cursor.take(OPEN_LIST);
  const items: Draft[] = [];
  for (;;) {
    skip(cursor, BETWEEN_FIELDS);
    if (cursor.take(CLOSE_LIST) !== undefined) return { kind: 'list', items, origin };
    if (cursor.peek() === '') throw open('this "[" has no closing "]"');
    if (cursor.peek() === '}') throw unexpected(state, 'a value or "]"');
    items.push(parseValue(state));
  }
}

/** Moves over whitespace and comments, in any order. */
function skip(cursor: Cursor, blanks: RegExp): void {
  for (;;) {
    if (cursor.take(blanks) === undefined && cursor.take(COMMENT) === undefined) return;
  }
}

function unexpected({ cursor, isSecret }: ParseState, wanted?: string): ConfigError {
  const blame = cursor.blame(isSecret);
  const character = cursor.peek();
  if (character === '') return blame('the text ends in the middle of a setting');
  if (character === '"') return blame('this string has no closing quote on its line');
  if (character === '$')
    return blame('unexpected "$": write a substitution as ${name}, and put a string with "$" in double quotes');
  const printable = /[\p{L}\p{N}\p{P}\p{S}]/u.test(character);
  const shown = printable
    ? `"${character}"`
    : `character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (wanted !== undefined) return blame(`unexpected ${shown} instead of ${wanted}`);
  return blame(`unexpected ${shown}: put a string that contains it in double quotes`);
}

const WORD = /include(?=[ \t]*"|[ \t]+(?:required|file|url|classpath|package)[ \t]*\()[ \t]*/iy;
const CALL = /(required|file|url|classpath|package)[ \t]*\([ \t]*/y;
const CLOSE = /[ \t]*\)/y;

interface IncludeTarget {
  /** As written; relative to the file that contains it. */
  readonly path: string;
  readonly isRequired: boolean;
}

/**
 * Parses `include "f"`, `include file("f")` or `include required("f")` at this position, if there is one.
 * @throws ConfigError if it does not include a file, or is incomplete
 */
function parseIncludeTarget(cursor: Cursor): IncludeTarget | undefined {
  const blame = cursor.blame();
  if (cursor.take(WORD) === undefined) return undefined;
  const calls: string[] = [];
  for (let call = cursor.take(CALL); call !== undefined; call = cursor.take(CALL)) calls.push(call[1] ?? '');
  const path = parseQuoted(cursor);
  if (path === undefined) throw blame('an include needs a file name in double quotes');
  const closed = calls.every(() => cursor.take(CLOSE) !== undefined);
  if (!closed) throw blame('this include has no closing ")"');
  const isFile = calls.every((call) => call === 'required' || call === 'file') && !/^[a-z]+:\/\//i.test(path);
  if (!isFile) throw blame('only files can be included, not URLs');
  return { path, isRequired: calls.includes('required') };
}
