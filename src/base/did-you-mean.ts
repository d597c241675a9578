// Finds the known name for a misspelled one, for "did you mean" messages.
import { closest, distance } from 'fastest-levenshtein';

/**
 * The known name closest to the given one, or undefined if none is close enough.
 * @param atMost the number of letters that may differ
 */
export function nearestName(
  typed: string,
  known: readonly string[],
  atMost = Math.max(2, Math.floor(typed.length / 3)),
): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(typed, known);
  return distance(typed, best) <= atMost ? best : undefined;
}
