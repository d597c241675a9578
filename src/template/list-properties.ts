// The user properties that a template reads: what somebody may set for a task of its queue.
import type { ValuePlaceholder } from './placeholder.ts';
import { PLACEHOLDER_MARK, readOptions } from './lint/options.ts';
import { readLeniently } from './lint/read-leniently.ts';
import { positionAt } from './source.ts';
import { userPropertyOf } from './user-property.ts';

export interface TemplateProperty {
  readonly name: string;
  /** Of its first placeholder that has one; undefined where a task must have the property. */
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
export function listProperties(file: string, text: string): TemplateProperty[] {
  const { source, tokens: words, occurrences } = readLeniently(file, text);
  const found = new Map<string, TemplateProperty>();

  function add(placeholder: ValuePlaceholder, option?: Pick<PropertyUse, 'option' | 'isWhole'>): void {
    const name = userPropertyOf(placeholder.variable);
    if (name === undefined) return;
    const before = found.get(name);
    const { line } = positionAt(source.text, placeholder.start);
    found.set(name, {
      name,
      fallback: before?.fallback ?? placeholder.fallback,
      uses: [...(before?.uses ?? []), { line, option: undefined, ...option }],
    });
  }

  for (const { name, value, placeholders } of readOptions(words)) {
    for (const placeholder of placeholders)
      add(placeholder, { option: `--${name}`, isWhole: value === PLACEHOLDER_MARK });
  }
  for (const { placeholder } of occurrences) add(placeholder);
  return [...found.values()];
}
