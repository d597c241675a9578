// Formats the table of `render --origins`: each placeholder with its line, its value, and the origin of the value.
import { textTable } from '../../base/text-table.ts';
import { displayInTable } from './display-value.ts';
import type { PlaceholderUse } from '../template.ts';

const TITLES = ['LINE', 'VARIABLE', 'ORIGIN', 'VALUE'] as const;

/** The value is the last column, because it can be long; a value that is not plain text is printed as JSON. */
export function formatOrigins(uses: readonly PlaceholderUse[]): string {
  return textTable(
    TITLES,
    uses.map(({ line, variable, origin, value }) => [String(line), variable, origin, displayInTable(value)]),
  );
}
