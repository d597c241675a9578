// Dotted paths into documents, as in requests: `execution.queue`, `entries.task`, `hyperparams.Args.l%2Er.value`.
import { isJsonObject } from '../../base/parse-json.ts';
import type { Fields } from './endpoint.ts';

/** Every value at the path; lists are expanded to their items. */
export function valuesAt(document: Fields, path: string): unknown[] {
  // Most paths: a condition is tested on every task of the server.
  if (!/[.%]/.test(path)) return [document[path]].flat();
  let found: unknown[] = [document];
  for (const part of path.split('.')) {
    found = found.flatMap((value) => (isJsonObject(value) ? [value[unescapePart(part)]] : [])).flat();
  }
  return found;
}

/** The document with only these paths. */
export function pick(document: Fields, paths: readonly string[]): Fields {
  let picked: Record<string, unknown> = {};
  for (const path of paths) picked = merge(picked, pickOne(document, path.split('.')));
  return picked;
}

function pickOne(value: Fields, parts: readonly string[]): Record<string, unknown> {
  const [first, ...rest] = parts;
  if (first === undefined) return value;
  const key = unescapePart(first);
  const inner = value[key];
  if (inner === undefined) return {};
  if (rest.length === 0) return { [key]: inner };
  if (Array.isArray(inner)) return { [key]: inner.filter(isJsonObject).map((item) => pickOne(item, rest)) };
  return isJsonObject(inner) ? { [key]: pickOne(inner, rest) } : {};
}

function merge(left: Record<string, unknown>, right: Fields): Record<string, unknown> {
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const before = merged[key];
    if (isJsonObject(before) && isJsonObject(value)) merged[key] = merge({ ...before }, value);
    else if (Array.isArray(before) && Array.isArray(value)) merged[key] = mergeLists(before, value);
    else merged[key] = value;
  }
  return merged;
}

function mergeLists(left: readonly unknown[], right: readonly unknown[]): unknown[] {
  return right.map((item, at) => {
    const before = left[at];
    return isJsonObject(before) && isJsonObject(item) ? merge({ ...before }, item) : item;
  });
}

/** A dot or a dollar inside a name is written `%2E` or `%24` in a path. */
function unescapePart(part: string): string {
  return part.replaceAll('%2E', '.').replaceAll('%24', '$').replaceAll('%%', '%');
}
