// Generates the table of exit codes in docs/operating.md.
import { EXIT_MEANINGS } from '../../src/base/exit-codes.ts';
import { markdownTable } from '../../src/base/text-table.ts';
import { fillTables } from './page-tables.ts';

/** The page with the table as it is now. @throws RangeError when the page has no place for it */
export function fillExitCodes(page: string): string {
  return fillTables(page, { 'exit codes': () => markdownTable(['exit code', 'meaning'], EXIT_MEANINGS) });
}
