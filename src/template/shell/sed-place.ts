// In sed a plain word can be code: `e` runs a command, `w` writes a file. Within `s/…/…/` letters and digits are text.
import type { Range } from '../source.ts';
import type { QuotingContext } from './quoting-context.ts';

/** An `s` that is open, with its delimiter, and at most one more of them up to the placeholder. */
const OPEN_SUBSTITUTION = /(?:^|[^A-Za-z_\\])[sy]([^\w\s\\;])(?:(?!\1)[^\n])*(?:\1(?:(?!\1)[^\n])*)?$/;

/** What a value must be here, in the text of a command that sed is given. */
export function sedContext(text: string, { start, end }: Range): QuotingContext {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const delimiter = OPEN_SUBSTITUTION.exec(text.slice(lineStart, start))?.[1];
  const [rest = ''] = text.slice(end).split('\n', 1);
  if (delimiter === undefined || !rest.includes(delimiter)) return { kind: 'number', where: 'a command of sed' };
  return { kind: 're-evaluated', by: 'sed', except: delimiter };
}
