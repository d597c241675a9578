// A table for a terminal, which wraps the last column or moves it below the row if the terminal is narrow; and a table in Markdown.
import { textWidth, wrapText } from './wrap-text.ts';

/** In a narrower column, wrapped text is unreadable. */
const LEAST_ROOM = 40;
const BELOW = '    ';

/**
 * Each line ends in a newline. Text that does not fit into the last column is wrapped, or moved below its row if the column is too
 * narrow.
 * @param columns the width of the terminal, if there is one
 */
export function textTable(head: readonly string[], body: readonly (readonly string[])[], columns = Infinity): string {
  const table = [head, ...body];
  const widths = head
    .slice(0, -1)
    .map((_title, column) => table.reduce((most, row) => Math.max(most, textWidth(row[column] ?? '')), 0));
  const before = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = columns - before;
  return table.map(line).join('');

  function line(row: readonly string[]): string {
    const first = row.slice(0, widths.length).map((cell, column) => `${padded(cell, widths[column] ?? 0)}  `);
    return `${first.join('')}${lastCell(row[widths.length] ?? '')}`.replace(/ +\n/, '\n');
  }

  function lastCell(cell: string): string {
    if (cell === '' || textWidth(cell) <= room) return `${cell}\n`;
    const isRoomForWords = room >= LEAST_ROOM && cell.split(' ').every((word) => textWidth(word) <= room);
    if (!isRoomForWords) return `\n${wrapText(cell, { indent: BELOW, width: columns })}`;
    const indent = ' '.repeat(before);
    return wrapText(cell, { indent, width: columns }).slice(before);
  }
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(width - textWidth(cell));
}

/** In Markdown. Each line ends in a newline. A bar inside a cell is escaped. */
export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...body]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}
