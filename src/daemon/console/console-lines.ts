// How wide a console line may be, and where a longer one is broken: the web page shows no more of it, and does not wrap. Pure.

/** What the web page shows of a line beside its time, on a small screen. */
export const CONSOLE_COLUMNS = 110;

/** More than the end of a job's log has. */
const MOST_CHARACTERS = 32_000;

/** A name or a value in a message may be as long as the record of its task: nobody reads that, and others wait meanwhile. */
export function truncateText(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (cut)`;
}

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

/** A word that is too long by itself, such as a path, stays whole: cut it could not be copied. Reads the sentence once. */
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
