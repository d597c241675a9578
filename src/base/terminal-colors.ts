// Colors words on a terminal, unless NO_COLOR or TERM=dumb disables it.
import { COLOR_END, COLORS } from './terminal-text.ts';

interface Terminal {
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Colors a word. Color codes have no width: wrap lines first. */
export type Paint = (what: keyof typeof COLORS, word: string) => string;

/** Any non-empty value disables colors: https://no-color.org. */
export function isPlain({ environment }: Pick<Terminal, 'environment'>): boolean {
  return (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
}

export function painter(around: Terminal): Paint {
  return !around.isTerminal || isPlain(around) ? plain : (what, word) => `\x1b[${COLORS[what]}m${word}${COLOR_END}`;
}

const plain: Paint = (_what, word) => word;
