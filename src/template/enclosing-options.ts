// Which option of sbatch each placeholder of a template's directives feeds, and what stands around it there.
import type { ValuePlaceholder } from './placeholder.ts';
import { PLACEHOLDER_MARK, type DirectiveOption } from './lint/options.ts';
import type { EnclosingOption } from './template.ts';

/** By the placeholder. `valueOf` fills in the other ones. */
export function enclosingOptions(
  options: readonly DirectiveOption[],
  valueOf: (placeholder: ValuePlaceholder) => string,
): ReadonlyMap<ValuePlaceholder, EnclosingOption> {
  return new Map(
    options.flatMap((option) => option.placeholders.map((placeholder, index) => [placeholder, around(option, index)])),
  );

  function around({ name, value, placeholders }: DirectiveOption, index: number): EnclosingOption {
    const texts = value.split(PLACEHOLDER_MARK);
    const filled = placeholders.map(valueOf);
    // Between two texts stands the placeholder of the first one's number.
    const join = (from: number, to: number): string =>
      texts
        .slice(from, to)
        .reduce((text, next, at) => text + (at === 0 ? '' : (filled[from + at - 1] ?? '')) + next, '');
    return { name, before: join(0, index + 1), after: join(index + 1, texts.length) };
  }
}
