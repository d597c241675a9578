// The user properties that a template reads: what somebody may set for a task of its queue.
import type { ValueBlank } from './placeholder.ts';
import { BLANK_MARK, readOptions } from './lint/options.ts';
import { readLeniently } from './lint/read-leniently.ts';
import { positionAt } from './source.ts';
import { propertyOf } from './user-property.ts';

export interface ReadProperty {
  readonly name: string;
  /** Of its first blank that has one; undefined where a task must have the property. */
  readonly fallback: string | undefined;
  readonly uses: readonly PropertyUse[];
}

export interface PropertyUse {
  readonly line: number;
  /** The option that it sets, `--time`; undefined for one in the script. */
  readonly option: string | undefined;
  /** Whether it is the option's whole value; undefined for one in the script. */
  readonly isWhole?: boolean;
}

/** In the order in which the template reads them first. It need not be one that the renderer accepts. */
export function listProperties(file: string, text: string): ReadProperty[] {
  const { source, words, sites } = readLeniently(file, text);
  const found = new Map<string, ReadProperty>();

  function add(blank: ValueBlank, option?: Pick<PropertyUse, 'option' | 'isWhole'>): void {
    const name = propertyOf(blank.variable);
    if (name === undefined) return;
    const before = found.get(name);
    const { line } = positionAt(source.text, blank.start);
    found.set(name, {
      name,
      fallback: before?.fallback ?? blank.fallback,
      uses: [...(before?.uses ?? []), { line, option: undefined, ...option }],
    });
  }

  for (const { name, value, blanks } of readOptions(words)) {
    for (const blank of blanks) add(blank, { option: `--${name}`, isWhole: value === BLANK_MARK });
  }
  for (const { blank } of sites) add(blank);
  return [...found.values()];
}
