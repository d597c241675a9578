// A table for a terminal: columns parted by two spaces, the last one as long as it is, or in lines where there is no room for that.
import { textWidth } from './text-width.ts';
import { wrapText } from './wrap-text.ts';

/** Where the last column has less room, a text in it would be a tower of words. */
const LEAST_ROOM = 40;
const BELOW = '    ';

/**
 * Each line ends in a newline. What has no room in the last column goes on there in the next line, or stands below its row where
 * the column is too narrow for that.
 * @param columns of the terminal, where it is one
 */
export function textTable(head: readonly string[], body: readonly (readonly string[])[], columns = Infinity): string {
  const table = [head, ...body];
  const widths = head
    .slice(0, -1)
    .map((_title, column) => Math.max(...table.map((row) => textWidth(row[column] ?? ''))));
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
