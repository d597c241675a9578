// Which option of sbatch each blank of a template's directives feeds, and what stands around it there.
import type { ValueBlank } from './placeholder.ts';
import { BLANK_MARK, type DirectiveOption } from './lint/options.ts';
import type { FedOption } from './template.ts';

/** By the blank. `valueOf` fills in the other ones. */
export function fedOptions(
  options: readonly DirectiveOption[],
  valueOf: (blank: ValueBlank) => string,
): ReadonlyMap<ValueBlank, FedOption> {
  return new Map(options.flatMap((option) => option.blanks.map((blank, index) => [blank, around(option, index)])));

  function around({ name, value, blanks }: DirectiveOption, index: number): FedOption {
    const texts = value.split(BLANK_MARK);
    const filled = blanks.map(valueOf);
    // Between two texts stands the blank of the first one's number.
    const join = (from: number, to: number): string =>
      texts
        .slice(from, to)
        .reduce((text, next, at) => text + (at === 0 ? '' : (filled[from + at - 1] ?? '')) + next, '');
    return { name, before: join(0, index + 1), after: join(index + 1, texts.length) };
  }
}
