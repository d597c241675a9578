// The table that `render --origins` prints: each blank with its line, its value, and where the value came from.
import { quoteShown } from './shown-value.ts';
import type { BlankUse } from './template.ts';

const TITLES = ['LINE', 'VARIABLE', 'ORIGIN', 'VALUE'] as const;

/** Columns parted by two spaces, the value last because it may be long; a value that is not plain text is shown as JSON. */
export function formatOrigins(uses: readonly BlankUse[]): string {
  const rows = uses.map(({ line, variable, origin, value }) => [String(line), variable, origin, formatValue(value)]);
  const table = [[...TITLES], ...rows];
  const widths = TITLES.map((_title, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Nothing in a value may move the cursor or look like another row. */
function formatValue(value: string): string {
  const isOrdinary = /^[^\p{Cc}\p{Cf}"]+$/u.test(value) && value.trim() === value;
  return isOrdinary ? value : quoteShown(value);
}
