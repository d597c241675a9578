// Generates the table of metrics in docs/web.md.
import { markdownTable } from '../../src/base/text-table.ts';
import { METRICS, type MetricRow } from '../../src/web/metrics/metric-definitions.ts';
import { fillTables } from './page-tables.ts';

/** The page with the table as it is now. @throws RangeError when the page has no place for it */
export function fillMetrics(page: string): string {
  const rows: readonly (readonly [string, MetricRow])[] = Object.entries(METRICS);
  return fillTables(page, {
    metrics: () =>
      markdownTable(
        ['metric', 'type', 'labels', 'meaning'],
        rows.map(([name, { type, labels, help }]) => [
          `\`${name}\``,
          type,
          labels.map((label) => `\`${label}\``).join(', '),
          help,
        ]),
      ),
  });
}
