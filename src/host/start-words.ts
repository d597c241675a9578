// How a shell that is kept starts a program: with the variables that are named for it, and none of the shell's own.
import { quoteWord } from '../base/shell-word.ts';

/** Each of these the shell would give to every program. To be run after the shell has changed its folder, which sets them anew. */
export const UNSET_OWN_VARIABLES = 'unset PWD OLDPWD SHLVL';

/** bash gives each program the variable _ too; other shells do not. */
const WITHOUT_UNNAMED = '${BASH_VERSION+/usr/bin/env -u _}';

/**
 * The words that start the program in `$found`. The shell itself must export nothing but what every program may have.
 * @param variables whose names are identifiers
 * @param limit words in front of the program that bound it, such as those of timeout(1)
 */
export function startWords(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  limit: readonly string[] = [],
): string {
  const named = Object.entries(variables).map(([name, value]) => `${name}=${quoteWord(value)}`);
  return [...named, ...limit, WITHOUT_UNNAMED, '"$found"', ...args.map(quoteWord)].join(' ');
}
