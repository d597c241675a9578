// Measures and truncates text in terminal columns: a character may be wide, or consist of several code points.
import stringWidth from 'string-width';

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
