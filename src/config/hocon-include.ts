// The include statement of HOCON.
import type { Cursor } from './hocon-cursor.ts';
import { readQuoted } from './hocon-scalar.ts';

const WORD = /include(?=[ \t]*"|[ \t]+(?:required|file|url|classpath|package)[ \t]*\()[ \t]*/iy;
const CALL = /(required|file|url|classpath|package)[ \t]*\([ \t]*/y;
const CLOSE = /[ \t]*\)/y;

export interface IncludeTarget {
  /** As written; relative to the file that contains it. */
  readonly path: string;
  readonly isRequired: boolean;
}

/**
 * Parses `include "f"`, `include file("f")` or `include required("f")` at this position, if there is one.
 * @throws ConfigError if it does not include a file, or is incomplete
 */
export function readIncludeTarget(cursor: Cursor): IncludeTarget | undefined {
  const blame = cursor.blame();
  if (cursor.take(WORD) === undefined) return undefined;
  const calls: string[] = [];
  for (let call = cursor.take(CALL); call !== undefined; call = cursor.take(CALL)) calls.push(call[1] ?? '');
  const path = readQuoted(cursor);
  if (path === undefined) throw blame('an include needs a file name in double quotes');
  const closed = calls.every(() => cursor.take(CLOSE) !== undefined);
  if (!closed) throw blame('this include has no closing ")"');
  const isFile = calls.every((call) => call === 'required' || call === 'file') && !/^[a-z]+:\/\//i.test(path);
  if (!isFile) throw blame('only files can be included, not URLs');
  return { path, isRequired: calls.includes('required') };
}
