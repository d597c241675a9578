// Prints the user properties that templates read, or sets them on a task that does not have them.
import { markdownTable } from '../../base/markdown-table.ts';
import { listProperties, type PropertyUse, type TemplateProperty } from '../../template/inspect-template.ts';
import type { PropertyConstraints } from '../../base/property-constraints.ts';
import { describeConstraint, limitKindOf } from '../../template/property-constraints.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { namedTemplates } from '../named-templates.ts';
import { readConfig } from '../read-config.ts';
import { textTable } from '../../base/text-table.ts';
import { switchOption, textOption } from '../typed-options.ts';

interface PropertyOfFile extends TemplateProperty {
  readonly file: string;
  /** What the queue of the template takes; undefined where there is no bound. */
  readonly takes: string | undefined;
}

/** @throws ConfigError, UsageProblem; with a task, what speaking to the server throws */
export async function printProperties(typed: Typed, around: Surroundings): Promise<number> {
  const here = { config: readConfig(typed, around), around };
  const templates = await namedTemplates(typed, here.config.settings, around, 'properties');
  const properties = templates.flatMap(({ file, text, queue }) =>
    listProperties(file, text).map((property): PropertyOfFile => ({
      ...property,
      file,
      takes: takenText(property, queue?.properties),
    })),
  );
  const task = textOption(typed, 'task');
  if (task !== undefined) {
    const { setMissingProperties } = await import('../set-missing-properties.ts');
    around.stdout(await setMissingProperties(typed, here, task, properties));
  } else if (switchOption(typed, 'json') === true) {
    around.stdout(`${JSON.stringify(properties, null, 2)}\n`);
  } else {
    const isMarkdown = switchOption(typed, 'markdown') ?? false;
    around.stdout(showTable(properties, isMarkdown, around.terminalSize?.().columns));
  }
  return EXIT.ok;
}

/** The column of what is taken is there only where something is bounded. */
function showTable(properties: readonly PropertyOfFile[], isMarkdown: boolean, columns?: number): string {
  const isBounded = properties.some(({ takes }) => takes !== undefined);
  const titles = ['property', 'default', ...(isBounded ? ['takes'] : []), 'sets', 'where'];
  const rows = properties.map(({ name, fallback, takes, uses, file }) => [
    isMarkdown ? `\`${name}\`` : name,
    isMarkdown ? (fallback === undefined ? 'none: a task must have it' : `\`${fallback}\``) : (fallback ?? '-'),
    ...(isBounded ? [takes ?? 'anything'] : []),
    setsText(uses),
    placesText(file, uses),
  ]);
  return isMarkdown
    ? markdownTable(titles, rows)
    : textTable(
        titles.map((title) => title.toUpperCase()),
        rows,
        columns,
      );
}

function takenText(property: TemplateProperty, bounds: PropertyConstraints | undefined): string | undefined {
  const rule = bounds?.named.get(property.name) ?? bounds?.others ?? true;
  if (rule === true) return undefined;
  return rule === false ? 'the default only' : describeConstraint(rule, limitKindOf(property));
}

function setsText(uses: readonly PropertyUse[]): string {
  return [...new Set(uses.map(({ option }) => option ?? 'the script'))].join(', ');
}

function placesText(file: string, uses: readonly PropertyUse[]): string {
  return `${file}:${uses.map(({ line }) => line).join(',')}`;
}
