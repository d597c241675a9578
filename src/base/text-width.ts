// How many columns of a terminal a text takes, and what is left of it where there are fewer: signs may be wide, or many that count as one.
import stringWidth from 'string-width';

/** Colors take none. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** The text, or as much of its beginning as fits with a mark that it goes on; no sign is cut in two. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let shown = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (textWidth(`${shown}${segment}…`) > width) break;
    shown += segment;
  }
  return `${shown}…`;
}
