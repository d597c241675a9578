// HTML text in which every value is escaped: the only place where text becomes HTML.
import { escapedCharacter, NOT_SHOWN } from '../../base/terminal-text.ts';

/** Text that is HTML already. Only the tag `html` makes it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = string | number | Html | undefined | false | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const SPECIAL = new RegExp(`[&<>"'${NOT_SHOWN}]`, 'g');

/**
 * Escapes text for an element or a quoted attribute. Control characters and characters that reorder text are shown as `\u202e`, as in a
 * terminal.
 */
export function escapeHtml(text: string): string {
  return text.replace(SPECIAL, (found) => ENTITIES[found] ?? escapedCharacter(found));
}

/** A template whose values are escaped, unless they are HTML. Values may be elements or in quoted attributes, nowhere else. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const texts = compact(strings);
  return new Html(texts.map((text, index) => text + (index < values.length ? render(values[index]) : '')).join(''));
}

/** By template, because a row of a table is rendered thousands of times. */
const compacted = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Removes the indentation of the source. */
function compact(strings: TemplateStringsArray): readonly string[] {
  const known = compacted.get(strings) ?? strings.map((text) => text.replace(/\s*\n\s*/g, '\n'));
  compacted.set(strings, known);
  return known;
}

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  return typeof value === 'number' ? String(value) : value.map(render).join('');
}
