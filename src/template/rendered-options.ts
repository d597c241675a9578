// Reads options from the `#SBATCH` lines of a rendered script, and finds where its job starts.
import { findHeader } from './check-directives.ts';
import { DIRECTIVE_PREFIX, splitDirective } from './directive.ts';

/** The words of all directives. */
export function directiveWords(script: string): string[] {
  const lines = script.slice(0, findHeader(script).end).split('\n');
  return lines.flatMap((line) => (line.startsWith(DIRECTIVE_PREFIX) ? splitDirective(line) : []));
}

/** The last of several values, as sbatch does. @param names such as `--ntasks` and `-n` */
export function lastValue(words: readonly string[], [long, short]: readonly [string, string]): string | undefined {
  let value: string | undefined;
  for (const [index, word] of words.entries()) {
    if (word === long || word === short) value = words[index + 1];
    else if (word.startsWith(`${long}=`)) value = word.slice(long.length + 1);
    else if (word.startsWith(short)) value = word.slice(short.length);
  }
  return value;
}

/**
 * The directory to start a job of another Unix user in: their home, or the template's relative `--chdir` below it. sbatch would use the
 * directory of the daemon. Undefined if the template names an absolute one.
 */
export function startDirectory(script: string, home: string): string | undefined {
  const chdir = lastValue(directiveWords(script), ['--chdir', '-D']);
  if (chdir === undefined || chdir === '') return home;
  return chdir.startsWith('/') ? undefined : `${home}/${chdir}`;
}
