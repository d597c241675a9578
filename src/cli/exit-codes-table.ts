// The table of exit codes in docs/operating.md, kept as the program has it.
import { markdownTable } from '../base/markdown-table.ts';
import { fillTables } from '../base/page-tables.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';

/** The page with the table as it is now. @throws RangeError when the page has no place for it */
export function fillExitCodes(page: string): string {
  return fillTables(page, { 'exit codes': () => markdownTable(['exit code', 'means'], EXIT_MEANINGS) });
}
