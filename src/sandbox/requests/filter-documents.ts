// The conditions of a get_all request, interpreted like in the real server.
import { isJsonObject } from '../../base/parse-json.ts';
import { ApiError } from './api-error.ts';
import type { Fields } from './endpoint.ts';
import { valuesAt } from './field-path.ts';
import { parseInstant } from '../store/sandbox-clock.ts';

/** Which request fields are conditions, by kind (`get_all_query_options`); a name ending in `.*` includes everything below it. */
export type Conditions = Readonly<
  Partial<Record<'list' | 'pattern' | 'range' | 'datetime' | 'equal', readonly string[]>>
>;

type Test = (document: Fields) => boolean;

/**
 * Combines the conditions of the request to one predicate.
 * @throws ApiError 400/16 or 400/21 if a condition is invalid
 */
export function parseConditions(body: Fields, conditions: Conditions): Test {
  const tests: Test[] = [];
  const isKind = (kind: keyof Conditions, field: string): boolean =>
    (conditions[kind] ?? []).some((name) =>
      name.endsWith('.*') ? field.startsWith(name.slice(0, -1)) : name === field,
    );

  for (const [field, value] of Object.entries(body)) {
    if (value === undefined || value === null) continue;
    if (isKind('pattern', field)) tests.push(patternTest([field], value, 'some'));
    else if (isKind('list', field)) tests.push(listTest(field, value));
    else if (isKind('range', field)) tests.push(rangeTest(field, value));
    else if (isKind('datetime', field)) tests.push(datetimeTest([field], value, 'some'));
    else if (isKind('equal', field)) tests.push((document) => valuesAt(document, field).includes(value));
    else if (field === 'search_text') tests.push(textTest(value));
    else if (field === '_any_' || field === '_or_') tests.push(multiTest(value, 'some'));
    else if (field === '_all_' || field === '_and_') tests.push(multiTest(value, 'every'));
  }
  return (document) => tests.every((test) => test(document));
}

function patternTest(fields: readonly string[], pattern: unknown, how: 'some' | 'every'): Test {
  const expression = parsePattern(pattern);
  return (document) =>
    fields[how]((field) =>
      valuesAt(document, field).some((value) => typeof value === 'string' && expression.test(value)),
    );
}

/** Python's regular expressions, as far as clients use them: escaped names and a leading `(?i)`. */
function parsePattern(pattern: unknown): RegExp {
  if (typeof pattern !== 'string') throw new ApiError('fieldsValue', { value: pattern }, 'text expected');
  const ignoresCase = pattern.startsWith('(?i)');
  try {
    // Without the flag u: Python escapes characters whose escapes it forbids.
    return new RegExp(ignoresCase ? pattern.slice('(?i)'.length) : pattern, ignoresCase ? 'i' : '');
  } catch {
    throw new ApiError('malformedRegex', { value: pattern });
  }
}

/** Sets, as a request may name thousands of tasks. */
interface ListTerms {
  readonly anyOf: Set<unknown>;
  readonly allOf: Set<string>;
  readonly noneOf: Set<unknown>;
  acceptsEmpty: boolean;
  joinedBy: 'some' | 'every';
}

function listTest(field: string, value: unknown): Test {
  const terms = parseListTerms(field, Array.isArray(value) ? value : [value]);
  return (document) => {
    const found = valuesAt(document, field).filter((item) => item !== undefined && item !== null);
    if (terms.acceptsEmpty && found.length === 0) return true;
    const tests: boolean[] = [];
    if (terms.anyOf.size > 0) tests.push(found.some((item) => terms.anyOf.has(item)));
    if (terms.allOf.size > 0) tests.push([...terms.allOf].every((item) => found.includes(item)));
    if (terms.noneOf.size > 0) tests.push(!found.some((item) => terms.noneOf.has(item)));
    if (tests.length === 0) return !terms.acceptsEmpty;
    return tests[terms.joinedBy](Boolean);
  };
}

/** Values with their operators: `-x` and `__$not x` exclude, `__$all` requires all of the following, null accepts empty. */
function parseListTerms(field: string, values: readonly unknown[]): ListTerms {
  const terms: ListTerms = {
    anyOf: new Set(),
    allOf: new Set(),
    noneOf: new Set(),
    acceptsEmpty: false,
    joinedBy: 'every',
  };
  let wantsAll = false;
  let isNegated = false;
  let hasOperator = false;
  for (const value of values) {
    if (value === null) {
      terms.acceptsEmpty = true;
      continue;
    }
    if (typeof value !== 'string') throw new ApiError('fieldsValue', { field }, 'text expected');
    if (value === '__$not') {
      isNegated = true;
    } else if (value === '__$nop') {
      wantsAll = false;
    } else if (value.startsWith('__$')) {
      const operator = LIST_OPERATORS.get(value);
      if (operator === undefined) throw new ApiError('fieldsValue', { field, operator: value }, 'Unsupported operator');
      if (!hasOperator && operator === 'any') terms.joinedBy = 'some';
      hasOperator = true;
      wantsAll = operator === 'all';
    } else if (isNegated || (!hasOperator && value.startsWith('-'))) {
      terms.noneOf.add(isNegated ? value : value.slice(1));
      isNegated = false;
    } else {
      (wantsAll ? terms.allOf : terms.anyOf).add(value);
    }
  }
  return terms;
}

const LIST_OPERATORS: ReadonlyMap<string, 'all' | 'any'> = new Map([
  ['__$all', 'all'],
  ['__$and', 'all'],
  ['__$any', 'any'],
  ['__$or', 'any'],
]);

/** `[min, max]`, either of which may be null. */
function rangeTest(field: string, value: unknown): Test {
  const limits: unknown[] = Array.isArray(value) ? value : [];
  if (limits.length !== 2) throw new ApiError('fieldsValue', { field }, '[min, max] expected');
  const [min, max] = limits;
  return (document) =>
    valuesAt(document, field).some(
      (found) => (min === null || compare(found, min) >= 0) && (max === null || compare(found, max) <= 0),
    );
}

/** Compares times as times and numbers as numbers; other values are outside of every range. */
function compare(left: unknown, right: unknown): number {
  const number = (value: unknown): number =>
    typeof value === 'string' ? (parseInstant(value) ?? Number(value)) : typeof value === 'number' ? value : NaN;
  return number(left) - number(right);
}

/** `"<2025-01-01T00:00:00"`, several of them, or two plain times as a range. */
function datetimeTest(fields: readonly string[], value: unknown, how: 'some' | 'every'): Test {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 2 && texts.every((text) => text === null || (typeof text === 'string' && !/^[<>]/.test(text)))) {
    return (document) => fields[how]((field) => rangeTest(field, texts)(document));
  }
  const limits = texts.flatMap((text) => {
    const match = /^(>=|<=|>|<)?(.*)$/.exec(String(text));
    return match === null ? [] : [{ sign: match[1] ?? '=', moment: match[2] ?? '' }];
  });
  return (document) =>
    fields[how]((field) =>
      valuesAt(document, field).some((found) =>
        limits.every(({ sign, moment }) => isBeside(compare(found, moment), sign)),
      ),
    );
}

function isBeside(difference: number, sign: string): boolean {
  if (sign === '>=') return difference >= 0;
  if (sign === '<=') return difference <= 0;
  if (sign === '>') return difference > 0;
  if (sign === '<') return difference < 0;
  return difference === 0;
}

function multiTest(value: unknown, how: 'some' | 'every'): Test {
  if (!isJsonObject(value) || !Array.isArray(value['fields']))
    throw new ApiError('fieldsValue', {}, 'incorrect field format');
  const fields = value['fields'].map(String);
  if (value['datetime'] !== undefined) return datetimeTest(fields, value['datetime'], how);
  return patternTest(fields, value['pattern'], how);
}

function textTest(value: unknown): Test {
  const wanted = String(value).toLowerCase();
  return (document) =>
    ['name', 'id', 'comment'].some((field) =>
      valuesAt(document, field).some((found) => typeof found === 'string' && found.toLowerCase().includes(wanted)),
    );
}
