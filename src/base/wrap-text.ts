// Measures, truncates and wraps text in terminal columns: a character may be wide, or consist of several code points.
import stringWidth from 'string-width';

/** Each line has this indent and ends in a newline. A word longer than a line is kept whole. */
export function wrapText(
  text: string,
  { indent = '', width }: { readonly indent?: string; readonly width: number },
): string {
  const lines: string[] = [];
  let taken = 0;
  for (const word of text.split(' ')) {
    const own = textWidth(word);
    const last = lines.at(-1);
    if (last === undefined || taken + 1 + own > width) {
      lines.push(indent + word);
      taken = textWidth(indent) + own;
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
      taken += 1 + own;
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The same lines, with wide ones wrapped between words. Indented lines are kept whole, because users copy them. */
export function wrapLines(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith(' ') || textWidth(line) <= width ? line : wrapText(line, { width }).slice(0, -1)))
    .join('\n');
}

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Colors have no width. */
export function textWidth(text: string): number {
  // Most text is ASCII, and the package takes longer to load than most commands take.
  return PRINTABLE_ASCII.test(text) ? text.length : stringWidth(text);
}

/** The text, or its beginning with an ellipsis; no character is split. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let shown = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (textWidth(`${shown}${segment}…`) > width) break;
    shown += segment;
  }
  return `${shown}…`;
}
