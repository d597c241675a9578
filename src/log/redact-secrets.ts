// The values that no output may show: registered when the configuration is read, replaced in all output.
import { MASK, redactShapes } from '../base/secret-patterns.ts';

export interface Secrets {
  /** From now on `redact` hides this value, also in base64, URL-encoded and JSON form. Values under 6 characters are ignored. */
  add(value: string): void;
  /** The same for values that take long to find: they are listed when `redact` is next called. */
  addLater(list: () => readonly string[]): void;
  /** The same for a value that will be replaced, such as a token: only the newest few are remembered. */
  addPassing(value: string): void;
  /** The text with every registered value, and every secret with a known format, replaced by `********`. */
  redact(text: string): string;
}

/** From this length on, half a value is unlikely to be an ordinary word. */
const CUT_FROM = 16;
/** Shorter values would hide ordinary words, and no real key is that short. */
const SHORTEST = 6;
/** A server may return another token for each login; old ones no longer occur in any text. */
const MOST_PASSING = 4;

export function createSecrets(): Secrets {
  const lasting = new Set<string>();
  const unlisted: (() => readonly string[])[] = [];
  let passing: readonly string[] = [];
  /** Until another value is added. */
  let hidden: { readonly forms: readonly string[]; readonly parts: readonly string[] } | undefined;

  function add(value: string): void {
    if (value.length < SHORTEST || lasting.has(value)) return;
    lasting.add(value);
    hidden = undefined;
  }

  function listForms(): NonNullable<typeof hidden> {
    // Longest first: the end of a secret that begins with another one must not remain.
    const forms = [...new Set([...lasting, ...passing].flatMap(formsOf))].sort((a, b) => b.length - a.length);
    return { forms, parts: forms.flatMap((value) => (value.length < CUT_FROM ? [value] : halvesOf(value))) };
  }

  return {
    add,
    addLater(list) {
      unlisted.push(list);
    },
    addPassing(value) {
      if (value.length < SHORTEST) return;
      passing = [value, ...passing.filter((one) => one !== value)].slice(0, MOST_PASSING);
      hidden = undefined;
    },
    redact(text) {
      let shown = text;
      for (const list of unlisted.splice(0)) list().forEach(add);
      hidden ??= listForms();
      // Most texts contain no part of a secret.
      if (hidden.parts.some((part) => text.includes(part))) {
        for (const value of hidden.forms) shown = shown.replaceAll(value, MASK);
        for (const value of hidden.forms) if (value.length >= CUT_FROM) shown = redactCut(shown, value);
      }
      return redactShapes(shown);
    },
  };
}

/** Also matches half or more of a value that the server or Slurm truncated. */
function redactCut(text: string, value: string): string {
  const [first, last] = halvesOf(value);
  return redactEnd(redactBeginning(text, value, first), value, last);
}

/** Of an odd length, both have the middle. */
function halvesOf(value: string): [first: string, last: string] {
  const half = Math.ceil(value.length / 2);
  return [value.slice(0, half), value.slice(-half)];
}

function redactBeginning(text: string, value: string, half: string): string {
  const [first = '', ...others] = text.split(half);
  return [first, ...others.map((other) => other.slice(sharedLength(other, value.slice(half.length))))].join(MASK);
}

function redactEnd(text: string, value: string, half: string): string {
  const parts = text.split(half);
  const last = parts.pop() ?? '';
  if (parts.length === 0) return text;
  const missing = reversed(value.slice(0, -half.length));
  return [
    ...parts.map((part) => part.slice(0, part.length - sharedLength(reversed(part.slice(-half.length)), missing))),
    last,
  ].join(MASK);
}

/** The length of the common prefix. */
function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < other.length && one[length] === other[length]) length += 1;
  return length;
}

function reversed(text: string): string {
  return text.split('').reverse().join('');
}

function formsOf(value: string): string[] {
  return [
    value,
    Buffer.from(value).toString('base64'),
    // A lone surrogate cannot be part of a URL.
    encodeURIComponent(Buffer.from(value).toString()),
    JSON.stringify(value).slice(1, -1),
  ];
}
