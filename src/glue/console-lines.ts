// How wide a console line may be, and where a longer one is broken: the web page shows no more of it, and does not wrap. Pure.

/** What the web page shows of a line beside its time, on a small screen. */
export const CONSOLE_COLUMNS = 110;

/** Stands before each part but the first, so that a reader sees what belongs together. */
const INDENT = '  ';

/** The same words in lines of at most 110 columns: broken between sentences where that is enough, else between words. */
export function breakLines(text: string): string {
  return text.split('\n').map(breakLine).join('\n');
}

function breakLine(line: string): string {
  if (line.length <= CONSOLE_COLUMNS) return line;
  const lines: string[] = [];
  for (const sentence of line.split(/(?<=[.!?]) (?=\S)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + sentence.length <= CONSOLE_COLUMNS)
      lines.push(`${lines.pop() ?? ''} ${sentence}`);
    else lines.push(...breakSentence(`${lines.length === 0 ? '' : INDENT}${sentence}`));
  }
  return lines.join('\n');
}

/** A word that is too long by itself, such as a path, stays whole: cut it could not be copied. */
function breakSentence(sentence: string): string[] {
  const lines: string[] = [];
  let rest = sentence;
  while (rest.length > CONSOLE_COLUMNS) {
    const from = rest.search(/\S/);
    const before = rest.lastIndexOf(' ', CONSOLE_COLUMNS);
    const cut = before > from ? before : rest.indexOf(' ', CONSOLE_COLUMNS);
    if (cut < 0) break;
    lines.push(rest.slice(0, cut));
    rest = `${INDENT}${rest.slice(cut + 1)}`;
  }
  return [...lines, rest];
}
