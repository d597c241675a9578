// The table of filters, `|name` or `|name(argument)`, and their application.

/** `strip(x)` is `{ name: 'strip', argument: 'x' }`. */
export interface Filter {
  readonly name: string;
  readonly argument: string | undefined;
}

interface FilterRule {
  readonly takesArgument?: true;
  /** For the documentation; completes "lower …". */
  readonly does: string;
  /** Without it, the text stays as it is. */
  readonly apply?: (value: string, argument: string | undefined) => string;
}

/** `raw` and `words` do not change the text: the first keeps newlines, the second decides how the value is quoted. */
const RULES: Readonly<Record<string, FilterRule>> = {
  strip: {
    takesArgument: true,
    does: 'removes white space at both ends; `strip(xy)` removes the characters `x` and `y` there',
    apply: strip,
  },
  lower: { does: 'converts all letters to lower case', apply: (value) => value.toLowerCase() },
  capitalize: {
    does: 'converts the first letter to upper case and all others to lower case',
    apply: (value) => value.charAt(0).toUpperCase() + value.slice(1).toLowerCase(),
  },
  remove_newlines: {
    does: 'removes newlines; needed only after `raw`',
    apply: removeNewlines,
  },
  int: {
    does: 'accepts only a whole number; with any other value the task fails before it is submitted',
    apply: (value) => value.trim(),
  },
  raw: { does: 'keeps newlines, and allows tabs' },
  words: {
    does: 'splits the value into words, each quoted; allowed only where the placeholder is a whole, unquoted command argument',
  },
};

/** For the documentation. */
export const FILTER_MEANINGS: readonly { readonly name: string; readonly does: string }[] = Object.entries(RULES).map(
  ([name, { does }]) => ({ name, does }),
);

export const FILTER_NAMES: readonly string[] = Object.keys(RULES);

/** Parses a filter; undefined if there is no such filter, or if it takes no argument and has one. */
export function parseFilter(written: string): Filter | undefined {
  const [, name = '', argument] = /^([a-z_]+)(?:\(([^()]*)\))?$/.exec(written) ?? [];
  if (!Object.hasOwn(RULES, name)) return undefined;
  if (argument !== undefined && RULES[name]?.takesArgument !== true) return undefined;
  return { name, argument };
}

/**
 * Applies all filters, left to right, after the newlines were removed; `raw` keeps them.
 * Names and order are those of `CustomTemplate` in clearml-agent (helper/custom_template.py).
 */
export function applyFilters(value: string, filters: readonly Filter[]): string {
  const start = hasFilter(filters, 'raw') ? value : removeNewlines(value);
  return filters.reduce((text, { name, argument }) => RULES[name]?.apply?.(text, argument) ?? text, start);
}

export function hasFilter(filters: readonly Filter[], name: string): boolean {
  return filters.some((filter) => filter.name === name);
}

/** Whether the value becomes several words where its placeholder is a whole argument. */
export function becomesWords({
  variable,
  filters,
}: {
  readonly variable: string;
  readonly filters: readonly Filter[];
}): boolean {
  return hasFilter(filters, 'words') || variable === 'CLEARML_TASK.container.arguments';
}

function removeNewlines(value: string): string {
  return value.replaceAll(/\r?\n/g, '');
}

/** Removes any of these characters from both ends, as Python's `str.strip` does. */
function strip(value: string, characters: string | undefined): string {
  if (characters === undefined || characters === '') return value.trim();
  const all = Array.from(value);
  const isKept = (character: string): boolean => !characters.includes(character);
  const first = all.findIndex(isKept);
  return first === -1 ? '' : all.slice(first, all.findLastIndex(isKept) + 1).join('');
}
