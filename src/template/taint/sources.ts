// What stands in a stretch of a script and could come from a task: blanks, and variables that are expanded there.
import type { ValueBlank } from '../blank-syntax.ts';
import { hasFilter } from '../filters.ts';
import type { LexedScript } from '../shell/lexed-script.ts';
import { isInside, type Range } from '../source.ts';
import { scopeAt } from './flows.ts';
import type { Layer } from './layers.ts';

/** One of them; `isWhole` when its text arrives as it is, and not only what some program makes of it. */
export interface Source {
  readonly of: { readonly blank: ValueBlank } | { readonly name: string };
  readonly isWhole: boolean;
}

/** Programs that print what they are given. */
const TRANSPARENT = /^(?:echo|printf|cat)$/;

/** What the server makes is an id, and always a plain word. */
export const PLAIN_BY_NATURE = /(?:^CLEARML_QUEUE_ID|^CLEARML_PROJECT_ID|\.id|_TASK\.(?:user|company|project|parent))$/;

/** The blanks in it. */
export function blanksIn(range: Range, { script }: Layer): Source[] {
  return script.sites.flatMap(({ blank }) => {
    if (!isInside(blank, range) || hasFilter(blank.filters, 'int') || PLAIN_BY_NATURE.test(blank.variable)) return [];
    return [{ of: { blank }, isWhole: isTransparent(blank, range, script) }];
  });
}

/** The variables whose values are expanded in it. */
export function namesIn(range: Range, { script, id }: Layer): Source[] {
  return script.expansions.flatMap((expansion) => {
    if (expansion.form === 'harmless' || !isInside(expansion, range)) return [];
    const name = /^[A-Za-z_]/.test(expansion.name) ? expansion.name : scopeAt(expansion.start, script, id);
    return [{ of: { name }, isWhole: isTransparent(expansion, range, script) }];
  });
}

/** Whether what is expanded there stands in no substitution within the stretch, or all commands of that one print it as it is. */
function isTransparent(place: Range, range: Range, { substitutions, commands }: LexedScript): boolean {
  return substitutions
    .filter((one) => isInside(place, one) && isInside(one, range))
    .every((one) => {
      const inner = commands.filter((command) => isInside(command, one));
      return inner.length > 0 && inner.every(({ words }) => TRANSPARENT.test(words[0]?.text ?? ''));
    });
}
