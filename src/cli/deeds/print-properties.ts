// Prints the user properties that templates read, or sets them on a task that does not have them.
import { markdownTable } from '../../base/markdown-table.ts';
import { listProperties, type PropertyUse, type ReadProperty } from '../../template/list-properties.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { namedTemplates } from '../named-templates.ts';
import { readConfig } from '../read-config.ts';
import { textTable } from '../../base/text-table.ts';
import { switchOption, textOption } from '../typed-options.ts';

interface PropertyOfFile extends ReadProperty {
  readonly file: string;
}

/** @throws ConfigProblem, UsageProblem; with a task, what speaking to the server throws */
export async function printProperties(typed: Typed, around: Surroundings): Promise<number> {
  const here = { config: readConfig(typed, around), around };
  const templates = await namedTemplates(typed, here.config.settings, around, 'properties');
  const properties = templates.flatMap(({ file, text }) =>
    listProperties(file, text).map((property): PropertyOfFile => ({ ...property, file })),
  );
  const task = textOption(typed, 'task');
  if (task !== undefined) {
    const { setMissingProperties } = await import('../set-missing-properties.ts');
    around.stdout(await setMissingProperties(typed, here, task, properties));
  } else if (switchOption(typed, 'json') === true) {
    around.stdout(`${JSON.stringify(properties, null, 2)}\n`);
  } else {
    around.stdout(showTable(properties, switchOption(typed, 'markdown') ?? false));
  }
  return EXIT.ok;
}

function showTable(properties: readonly PropertyOfFile[], isMarkdown: boolean): string {
  if (isMarkdown) {
    return markdownTable(
      ['user property', 'default', 'sets', 'where'],
      properties.map(({ name, fallback, uses, file }) => [
        `\`${name}\``,
        fallback === undefined ? 'none: a task must have it' : `\`${fallback}\``,
        setsText(uses),
        placesText(file, uses),
      ]),
    );
  }
  return textTable(
    ['PROPERTY', 'DEFAULT', 'SETS', 'WHERE'],
    properties.map(({ name, fallback, uses, file }) => [name, fallback ?? '-', setsText(uses), placesText(file, uses)]),
  );
}

function setsText(uses: readonly PropertyUse[]): string {
  return [...new Set(uses.map(({ option }) => option ?? 'the script'))].join(', ');
}

function placesText(file: string, uses: readonly PropertyUse[]): string {
  return `${file}:${uses.map(({ line }) => line).join(',')}`;
}
