// The table that `render --origins` prints: each placeholder with its line, its value, and where the value came from.
import { textTable } from '../base/text-table.ts';
import { displayWholeValue } from './display-value.ts';
import type { PlaceholderUse } from './template.ts';

const TITLES = ['LINE', 'VARIABLE', 'ORIGIN', 'VALUE'] as const;

/** Columns parted by two spaces, the value last because it may be long; a value that is not plain text is shown as JSON. */
export function formatOrigins(uses: readonly PlaceholderUse[]): string {
  return textTable(
    TITLES,
    uses.map(({ line, variable, origin, value }) => [String(line), variable, origin, formatValue(value)]),
  );
}

/** Nothing in a value may move the cursor or look like another row. */
function formatValue(value: string): string {
  const isOrdinary = /^[^\p{Cc}\p{Cf}"]+$/u.test(value) && value.trim() === value;
  return isOrdinary ? value : displayWholeValue(value);
}
