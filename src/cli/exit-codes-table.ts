// The table of exit codes in docs/operating.md, kept as the program has it.
import { markdownTable } from '../base/markdown-table.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';

const BEFORE = '<!-- exit codes: made from src/cli/exit-codes.ts by `npm run docs` -->\n\n';
const AFTER = '\n<!-- end of exit codes -->';

/** The page with the table as it is now, between its two comments. */
export function fillExitCodes(page: string): string {
  const [head = '', tail] = page.split(BEFORE);
  const rest = tail?.slice(tail.indexOf(AFTER));
  if (rest === undefined) throw new Error(`the page lacks ${BEFORE}`);
  return `${head}${BEFORE}${markdownTable(['exit code', 'means'], EXIT_MEANINGS)}${rest}`;
}
