// Tells what a template uses, for messages and advice: user properties, sbatch options, the container image. The template may have errors.
import { PLACEHOLDER_MARK, readOptions } from './directive-options.ts';
import { readLeniently } from './read-leniently.ts';
import type { ValuePlaceholder } from './placeholder.ts';
import { positionAt } from './source.ts';
import { possibleReachMessage } from './taint/find-occurrences.ts';
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

export interface OptionLocation {
  readonly file: string;
  readonly line: number;
  /** The user properties that its value is made of; none where it stands in the template as it is. */
  readonly properties: readonly string[];
}

/** By the option's long name, `--time`. Of one that stands there twice the last place counts, as it does for sbatch. */
export function locateOptions(file: string, text: string): ReadonlyMap<string, OptionLocation> {
  const { source, tokens: words } = readLeniently(file, text);
  return new Map(
    readOptions(words).map(({ name, placeholders, start }) => [
      `--${name}`,
      {
        file,
        line: positionAt(source.text, start).line,
        properties: placeholders.flatMap(({ variable }) => userPropertyOf(variable) ?? []),
      },
    ]),
  );
}

const IMAGE = 'CLEARML_TASK.container.image';

/** In an option such as `--container-image`, or in the script. */
export function usesImage(file: string, text: string): boolean {
  const { tokens: words, occurrences } = readLeniently(file, text);
  const placeholders = [
    ...readOptions(words).flatMap((option) => option.placeholders),
    ...occurrences.map(({ placeholder }) => placeholder),
  ];
  return placeholders.some(({ variable }) => variable === IMAGE);
}

/** Values that may be evaluated: sentences with file and line, each once. */
export function templateWarnings(file: string, text: string): string[] {
  const { source, possibleReaches } = readLeniently(file, text);
  const sentences = possibleReaches.map(
    (doubt) => `${file}:${positionAt(source.text, doubt.placeholder.start).line}: ${possibleReachMessage(doubt)}`,
  );
  return [...new Set(sentences)];
}
