// Colors for who reads in a terminal; elsewhere, and where NO_COLOR or TERM=dumb asks for none, the text alone.
import { COLOR_END, COLORS } from '../base/terminal-text.ts';
import type { Surroundings } from './command.ts';

/** Gives a word the color of what it says. It takes no room, so wrap first. */
export type Paint = (what: keyof typeof COLORS, word: string) => string;

/** https://no-color.org: any value but an empty one asks for none. */
export function isPlain({ environment }: Pick<Surroundings, 'environment'>): boolean {
  return (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
}

export function painter(around: Pick<Surroundings, 'isTerminal' | 'environment'>): Paint {
  return !around.isTerminal || isPlain(around) ? plain : (what, word) => `\x1b[${COLORS[what]}m${word}${COLOR_END}`;
}

const plain: Paint = (_what, word) => word;
