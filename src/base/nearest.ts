// The name somebody probably meant: for "did you mean" in every message about an unknown word.
import { closest, distance } from 'fastest-levenshtein';

/**
 * The known name nearest to what was typed, or undefined when none is near enough to be a misspelling of it.
 * @param atMost how many letters may be wrong
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
