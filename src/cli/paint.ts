// Colours for who reads in a terminal; elsewhere, and where NO_COLOR or TERM=dumb asks for none, the text alone.
import type { Surroundings } from './command.ts';

const CODES = { good: '32', bad: '31', doubtful: '33' } as const;

/** Gives a word the colour of what it says. It takes no room, so wrap first. */
export type Paint = (what: keyof typeof CODES, word: string) => string;

/** https://no-color.org: any value but an empty one asks for none. */
export function painter({ isTerminal, environment }: Pick<Surroundings, 'isTerminal' | 'environment'>): Paint {
  const isPlain = !isTerminal || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return isPlain ? plain : (what, word) => `\x1b[${CODES[what]}m${word}\x1b[0m`;
}

const plain: Paint = (_what, word) => word;
