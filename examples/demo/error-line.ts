// Picks the most informative line of a long error message.

/** The last line with "error:" or "fatal:", else the first line; truncated if it is long. */
export function errorLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /\b(error|fatal):/i.test(line)) ?? lines[0] ?? '').slice(0, 200);
}
