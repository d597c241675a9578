// Formats the results as a table.
import { isMet, ratioOf, type Result, type Target } from './figure.ts';

export interface Row extends Result {
  readonly figure: string;
}

const COLUMNS = ['FIGURE', 'WHAT', 'VALUE', 'BESIDE', 'RATIO', 'MIDDLE HALF', 'TARGET', ''];

export function formatTable(rows: readonly Row[]): string {
  const lines = [COLUMNS, ...rows.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cells(row: Row): string[] {
  const ratio = ratioOf(row);
  const met = isMet(row);
  return [
    row.figure,
    row.what,
    `${formatNumber(row.value)} ${row.unit}`,
    row.anchor === undefined ? '' : `${formatNumber(row.anchor.value)} ${row.unit} ${row.anchor.what}`,
    ratio === undefined ? '' : formatNumber(ratio),
    row.spread === undefined ? '' : row.spread.map(formatNumber).join(' to '),
    row.target === undefined ? '' : formatTarget(row.target),
    met === undefined ? '' : met ? 'met' : 'missed',
  ];
}

function formatTarget(target: Target): string {
  return 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}

/** Three significant digits. */
function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value === 0 ? '0' : String(Number(value.toPrecision(3)));
}
