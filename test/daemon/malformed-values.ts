// Makes malformed JSON values: fields missing, added, of another type, huge, deep or duplicated.
import fc from 'fast-check';

type Json = Readonly<Record<string, unknown>>;

/** A mutation at one position of a value. */
export interface Mutation {
  /** The position: each number is the field or element of one level. */
  readonly path: readonly number[];
  readonly how: 'replace' | 'remove' | 'add' | 'twice';
  readonly what: unknown;
}

const DEEP = JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`) as unknown;
const LONG = 'x'.repeat(20_000);

/** No strings: in many fields another string is a valid value. */
export const OTHER_TYPES: readonly unknown[] = [
  true,
  0,
  -1,
  1e308,
  {},
  { id: {} },
  [],
  [[]],
  [null],
  DEEP,
  JSON.parse('{"__proto__": {"id": "x"}, "constructor": {"prototype": 1}}'),
];

const TEXTS: readonly unknown[] = [null, '', ' ', '/../../etc/passwd', `\u0000\u001b[2J`, LONG, '__proto__', 'NaN'];

export const anyMutation: fc.Arbitrary<Mutation> = fc.record({
  path: fc.array(fc.nat(1_000), { minLength: 0, maxLength: 4 }),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'twice'),
  what: fc.oneof(fc.constantFrom(...OTHER_TYPES, ...TEXTS), fc.jsonValue({ maxDepth: 3 })),
});

/** Returns the value, malformed at that position. */
export function mutate(value: unknown, { path, how, what }: Mutation): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return how === 'replace' || typeof value !== 'object' || value === null ? what : value;
  if (Array.isArray(value)) return mutateList(value, step, { path: rest, how, what });
  if (typeof value !== 'object' || value === null) return what;
  const fields: Json = { ...value };
  const names = Object.keys(fields);
  const name = names[step % Math.max(1, names.length)] ?? 'new';
  if (rest.length > 0) return { ...fields, [name]: mutate(fields[name], { path: rest, how, what }) };
  if (how === 'remove') return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));
  if (how === 'add') return { ...fields, [`odd_${step}`]: what };
  return { ...fields, [name]: how === 'twice' ? [fields[name], fields[name]] : what };
}

function mutateList(list: readonly unknown[], step: number, { path, how, what }: Mutation): unknown[] {
  if (list.length === 0) return how === 'remove' || how === 'twice' ? [] : [what];
  const at = step % list.length;
  const element = list[at];
  if (path.length > 0) return list.with(at, mutate(element, { path, how, what }));
  if (how === 'remove') return list.toSpliced(at, 1);
  if (how === 'add') return list.toSpliced(at, 0, what);
  return how === 'twice' ? list.toSpliced(at, 0, element) : list.with(at, what);
}
