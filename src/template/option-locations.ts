// Where a template sets the options of sbatch, and by which user properties: so that advice can name what is to be changed.
import { readOptions } from './lint/options.ts';
import { readLeniently } from './lint/read-leniently.ts';
import { positionAt } from './source.ts';
import { userPropertyOf } from './user-property.ts';

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
