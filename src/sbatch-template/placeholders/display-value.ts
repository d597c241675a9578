// Quotes values for messages: on one line, without characters that move the cursor or hide other text.

/** The whole value, quoted and escaped. */
export function displayWholeValue(value: string): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (hidden) => {
    return `\\u{${(hidden.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** The value as it is if it is plain text: it must not move the cursor or look like another row. */
export function displayInTable(value: string): string {
  const isPlain = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}"]+$/u.test(value) && value.trim() === value;
  return isPlain ? value : displayWholeValue(value);
}

/** More than 60 characters, whichever they are. */
const SHOWN_UNITS = 200;

/** The value quoted and escaped, truncated to 60 characters. Any user may write a value of several MB. */
export function displayValue(value: string): string {
  const text = displayWholeValue(value.slice(0, SHOWN_UNITS));
  const characters = Array.from(text);
  return characters.length <= 60 ? text : `${characters.slice(0, 57).join('')}…"`;
}
