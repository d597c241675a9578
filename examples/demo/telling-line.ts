// Picks the one line of a long complaint that tells most.

/** The last line in which a program calls something an error, else the first line; cut where it becomes long. */
export function tellingLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /\b(error|fatal):/i.test(line)) ?? lines[0] ?? '').slice(0, 200);
}
