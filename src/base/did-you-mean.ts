// Finds the known name for a misspelled one, for "did you mean" messages.
import { closest, distance } from 'fastest-levenshtein';

/** A longer name is no misspelling: any user may write a name of several MB, and the comparison takes the product of the lengths. */
const LONGEST_MISSPELLING = 200;

/**
 * The known name closest to the given one, or undefined if none is close enough.
 * @param atMost the number of letters that may differ
 */
export function nearestName(
  typed: string,
  known: readonly string[],
  atMost = Math.max(2, Math.floor(typed.length / 3)),
): string | undefined {
  if (typed.length > LONGEST_MISSPELLING) return undefined;
  const similar = known.filter((name) => Math.abs(name.length - typed.length) <= atMost);
  if (similar.length === 0) return undefined;
  const best = closest(typed, similar);
  return distance(typed, best) <= atMost ? best : undefined;
}
