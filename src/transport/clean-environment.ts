// How a shell that is kept starts a program: with the variables that are named for it, and none of the shell's own.
import { quoteWord } from '../base/shell-word.ts';

/** Each of these the shell would give to every program. To be run after the shell has changed its folder, which sets them anew. */
export const UNSET_OWN_VARIABLES = 'unset PWD OLDPWD SHLVL';

/** bash gives each program the variable _ too; other shells do not. A path with an equals sign env(1) would take for a variable. */
const WITHOUT_UNNAMED = '${BASH_VERSION+/usr/bin/env -u _}';

/**
 * The words that start the program in `$found`. The shell itself must export nothing but what every program may have.
 * @param limit words in front of the program that bound it, such as those of timeout(1)
 * @throws Error when a variable's name is none that a shell knows: it would be code
 */
export function cleanEnvironmentArgs(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  limit: readonly string[] = [],
): string {
  const named = Object.entries(variables).map(([name, value]) => assignment(name, value));
  return [...named, WITHOUT_UNNAMED, ...limit, '"$found"', ...args.map(quoteWord)].join(' ');
}

function assignment(name: string, value: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`"${name}" is no name of a variable`);
  return `${name}=${quoteWord(value)}`;
}
