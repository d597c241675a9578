// Prints the user properties that templates read, or sets them on a task that does not have them.
import { commonOptions } from '../setting-options.ts';
import { markdownTable } from '../../base/markdown-table.ts';
import { listProperties, type PropertyUse, type TemplateProperty } from '../../template/inspect-template.ts';
import type { PropertyConstraints } from '../../base/property-constraints.ts';
import { describeConstraint, limitKindOf } from '../../template/property-constraints.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { namedTemplates } from '../../assembly/named-templates.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { textTable } from '../../base/text-table.ts';
import { listOption, switchOption, textOption } from '../typed-options.ts';

interface PropertyOfFile extends TemplateProperty {
  readonly file: string;
  /** What the queue of the template takes; undefined where there is no bound. */
  readonly takes: string | undefined;
}

/** @throws ConfigError, UsageError; with a task, what speaking to the server throws */
export async function printProperties(typed: Typed, context: CommandContext): Promise<number> {
  const here = { config: readConfig(commonOptions(typed), context), context };
  const templates = await namedTemplates(listOption(typed, 'templates'), here.config.settings, context, 'properties');
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
    context.stdout(await setMissingProperties(typed, here, task, properties));
  } else if (switchOption(typed, 'json') === true) {
    context.stdout(`${JSON.stringify(properties, null, 2)}\n`);
  } else {
    const isMarkdown = switchOption(typed, 'markdown') ?? false;
    context.stdout(showTable(properties, isMarkdown, context.terminalSize?.().columns));
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
