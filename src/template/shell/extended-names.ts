// Text that is read as code later, where a plain word right behind a name would make another name of it.
import type { TemplateError } from '../errors.ts';
import { templateErrorAt, type TemplateSource } from '../source.ts';
import type { UnbracedName, Occurrence } from './lexed-script.ts';

/** A variable, or the tilde of a home folder, up to the placeholder. */
const NAME_BEFORE = /(?:\$\w+|(?<![\w./}-])~[\w.-]*)$/;

/** Placeholders behind a name that is not expanded before the text is read again; in what else a shell reads, the name gets braces. */
export function extendedNames(
  source: TemplateSource,
  occurrences: readonly Occurrence[],
  unbracedNames: readonly UnbracedName[],
): TemplateError[] {
  return occurrences.flatMap(({ placeholder, context }) => {
    if (
      context.kind !== 're-evaluated' ||
      unbracedNames.some((open) => open.placeholder === placeholder || open.end === placeholder.start)
    )
      return [];
    const lineStart = source.text.lastIndexOf('\n', placeholder.start - 1) + 1;
    const name = NAME_BEFORE.exec(source.text.slice(lineStart, placeholder.start))?.[0];
    if (name === undefined) return [];
    const instead = name.startsWith('~') ? 'write $HOME/ or another character between' : `write \${${name.slice(1)}}`;
    return [
      templateErrorAt(
        source,
        placeholder.start,
        'extended-name',
        `the value would be read as a part of the name ${name}: ${instead}`,
      ),
    ];
  });
}
