// A table for a terminal: columns parted by two spaces, the last one as long as it is.

/** Each line ends in a newline. */
export function textTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const table = [head, ...body];
  const widths = head.map((_title, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
