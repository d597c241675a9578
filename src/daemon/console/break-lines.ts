// Breaks console lines at the width that the web page shows, because it does not wrap them. Pure.

/** The columns that the web page shows beside the time, on a small screen. */
export const CONSOLE_COLUMNS = 110;

/** Longer than any log excerpt that a message has. */
const MOST_CHARACTERS = 32_000;

/** Truncates a message: a name or value in it may be as long as the task's record, which would delay other tasks. */
export function truncateText(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (truncated)`;
}

/** Indents each part but the first, to show which lines belong together. */
const INDENT = '  ';

/** Breaks the text into lines of at most 110 columns, between sentences if possible, otherwise between words. */
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

/** A word that is too long, such as a path, stays whole, so that it can be copied. Linear in the length of the sentence. */
function breakSentence(sentence: string): string[] {
  const lines: string[] = [];
  let start = 0;
  let indent = '';
  let firstWord = 0;
  while (indent.length + sentence.length - start > CONSOLE_COLUMNS) {
    const end = start + CONSOLE_COLUMNS - indent.length;
    while (firstWord < start || sentence[firstWord] === ' ') firstWord += 1;
    const before = sentence.lastIndexOf(' ', end);
    const cut = before > firstWord ? before : sentence.indexOf(' ', Math.max(end, firstWord));
    if (cut < 0) break;
    lines.push(indent + sentence.slice(start, cut));
    start = cut + 1;
    indent = INDENT;
  }
  return [...lines, indent + sentence.slice(start)];
}
