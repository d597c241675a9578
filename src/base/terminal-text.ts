// Makes text from others safe for a terminal: it cannot move the cursor, set a title or reorder characters. Colors our own words.

/** Our colors as numbers of ECMA-48 SGR. */
export const COLORS = { good: '32', bad: '31', doubtful: '33' } as const;
export const COLOR_END = '\x1b[0m';

/**
 * Control characters except tab and newline, characters that reverse text (Unicode UAX #9), and line ends of only some
 * terminals and pagers. For use in a character class.
 */
export const NOT_SHOWN = String.raw`\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f`;

const OWN_COLOR = String.raw`\x1b\[(?:0|${Object.values(COLORS).join('|')})m`;
const HANDLED = new RegExp(`${OWN_COLOR}|[${NOT_SHOWN}]`, 'g');
/**
 * Replaces each character that a terminal would execute by a visible `\u001b`. Our own colors are kept; colors in text of others
 * end with the text.
 */
export function terminalText(text: string): string {
  const shown = text.replace(HANDLED, visible);
  const lastColor = shown.lastIndexOf('\x1b');
  return lastColor < 0 || shown.startsWith(COLOR_END, lastColor) ? shown : shown + COLOR_END;
}

/** Converts line ends of other systems. */
function visible(found: string, at: number, text: string): string {
  if (found === '\r' && text[at + 1] === '\n') return '';
  return found.length > 1 ? found : escapedCharacter(found);
}

/** As in JSON. */
export function escapedCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const NOT_ON_A_LINE = new RegExp(`[${NOT_SHOWN}\\t\\n]`, 'g');

/** Escapes, as in JSON, each character that a terminal or pager executes or treats as a line end. JSON remains the same JSON. */
export function escapeToOneLine(text: string): string {
  return text.replace(NOT_ON_A_LINE, escapedCharacter);
}

/** Joins the lines of a text with spaces, and replaces control characters by spaces too: for programs that read one line. */
export function stripToOneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** Colors, cursor moves and titles (ECMA-48 CSI and OSC), then any other escape of two characters. */
const TERMINAL_SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[^\n]/g;
const NOT_SHOWN_CHARACTERS = new RegExp(`[${NOT_SHOWN}]`, 'g');

/** The last visible state of a line that a program wrote to a terminal, such as a progress bar. */
export function visibleText(line: string): string {
  const shown = line.split('\r').findLast((part) => part.trim() !== '') ?? '';
  return shown.replace(TERMINAL_SEQUENCES, '').replace(NOT_SHOWN_CHARACTERS, '');
}

/** Text of several lines on one. */
export function visibleLine(text: string): string {
  return visibleText(text.replaceAll(/\s+/g, ' '));
}

/** A sentence of an explanation. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const NOT_IN_A_LINE = new RegExp(`[${NOT_SHOWN}\\n]`, 'g');

/**
 * Joins these lines, with a newline after the last one. A newline inside a line would begin a new one, for example a setting after
 * a comment. It is written as `\u000a`, and so is every other invisible character.
 */
export function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(NOT_IN_A_LINE, escapedCharacter)}\n`).join('');
}

interface Terminal {
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Colors a word. Color codes have no width: wrap lines first. */
export type Paint = (what: keyof typeof COLORS, word: string) => string;

/** Whether NO_COLOR or TERM=dumb disables colors. Any non-empty value does: https://no-color.org. */
export function isPlain({ environment }: Pick<Terminal, 'environment'>): boolean {
  return (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
}

export function painter(around: Terminal): Paint {
  return !around.isTerminal || isPlain(around) ? plain : (what, word) => `\x1b[${COLORS[what]}m${word}${COLOR_END}`;
}

const plain: Paint = (_what, word) => word;
