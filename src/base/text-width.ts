// Measures and truncates text in terminal columns: a character may be wide, or consist of several code points.
import stringWidth from 'string-width';

/** Colors have no width. */
export function textWidth(text: string): number {
  return stringWidth(text);
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
