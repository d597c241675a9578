// Text as a terminal may be given it: whoever wrote it, it is shown, and moves no cursor, sets no title, and stands in its order.

/** Colors of our own, by the number that a terminal knows them by (ECMA-48, SGR). */
export const COLORS = { good: '32', bad: '31', doubtful: '33' } as const;
export const COLOR_END = '\x1b[0m';

/**
 * Control characters but tab and newline, characters that turn the text around them (Unicode UAX #9), and line ends that only some
 * terminals and pagers take for one. As the inside of a character class.
 */
export const NOT_SHOWN = String.raw`\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f`;

const OWN_COLOR = String.raw`\x1b\[(?:0|${Object.values(COLORS).join('|')})m`;
const HANDLED = new RegExp(`${OWN_COLOR}|[${NOT_SHOWN}]`, 'g');
/**
 * The same text, with a visible `\u001b` for each character that a terminal would obey. Only our own colors pass; a stranger may write
 * them as well, and they end with the text.
 */
export function terminalText(text: string): string {
  const shown = text.replace(HANDLED, visible);
  const lastColor = shown.lastIndexOf('\x1b');
  return lastColor < 0 || shown.startsWith(COLOR_END, lastColor) ? shown : shown + COLOR_END;
}

/** A line's end of another system is one. */
function visible(found: string, at: number, text: string): string {
  if (found === '\r' && text[at + 1] === '\n') return '';
  return found.length > 1 ? found : escapedCharacter(found);
}

/** As JSON writes it. */
export function escapedCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Colors, cursor moves and titles (ECMA-48 CSI and OSC), then any other escape of two characters. */
const TERMINAL_SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[^\n]/g;
const NOT_SHOWN_CHARACTERS = new RegExp(`[${NOT_SHOWN}]`, 'g');

/** A line of a program that believed to write to a terminal: of a progress bar, which overwrites its line, what it showed last. */
export function visibleText(line: string): string {
  const shown = line.split('\r').findLast((part) => part.trim() !== '') ?? '';
  return shown.replace(TERMINAL_SEQUENCES, '').replace(NOT_SHOWN_CHARACTERS, '');
}
