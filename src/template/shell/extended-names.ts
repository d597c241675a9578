// Text that is read as code later, where a plain word right behind a name would make another name of it.
import type { TemplateProblem } from '../errors.ts';
import { problemAt, type TemplateSource } from '../source.ts';
import type { OpenName, Site } from './lexed-script.ts';

/** A variable, or the tilde of a home folder, up to the blank. */
const NAME_BEFORE = /(?:\$\w+|(?<![\w./}-])~[\w.-]*)$/;

/** Blanks behind a name that is not expanded before the text is read again; in what else a shell reads, the name gets braces. */
export function extendedNames(
  source: TemplateSource,
  sites: readonly Site[],
  openNames: readonly OpenName[],
): TemplateProblem[] {
  return sites.flatMap(({ blank, place }) => {
    if (place.kind !== 'read again' || openNames.some((open) => open.blank === blank || open.end === blank.start))
      return [];
    const lineStart = source.text.lastIndexOf('\n', blank.start - 1) + 1;
    const name = NAME_BEFORE.exec(source.text.slice(lineStart, blank.start))?.[0];
    if (name === undefined) return [];
    const instead = name.startsWith('~') ? 'write $HOME/ or another character between' : `write \${${name.slice(1)}}`;
    return [
      problemAt(
        source,
        blank.start,
        'extended-name',
        `the value would be read as a part of the name ${name}: ${instead}`,
      ),
    ];
  });
}
