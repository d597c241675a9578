// Formats the user properties that templates read as a table.
import type { NamedTemplate } from '../assembly/read-named-files.ts';
import { markdownTable, textTable } from '../base/text-table.ts';
import { parseLeniently } from '../sbatch-template/parse-template.ts';
import { listProperties, type TemplateProperty } from '../sbatch-template/inspect-template.ts';
import type { PropertyConstraints } from '../base/property-constraints.ts';
import { describeConstraint, limitKindOf } from '../sbatch-template/placeholders/check-property-constraints.ts';

export interface PropertyOfFile extends TemplateProperty {
  readonly file: string;
  /** The constraint of the queue of the template; undefined if there is none. */
  readonly takes: string | undefined;
}

/** The user properties that the templates read. */
export function propertiesOf(templates: readonly NamedTemplate[]): PropertyOfFile[] {
  return templates.flatMap(({ file, text, queue }) =>
    listProperties(parseLeniently(file, text)).map((property) => ({
      ...property,
      file,
      takes: constraintText(property, queue?.properties),
    })),
  );
}

/** Shows constraints only if there are any. */
export function formatProperties(properties: readonly PropertyOfFile[], isMarkdown: boolean, columns?: number): string {
  const isConstrained = properties.some(({ takes }) => takes !== undefined);
  const titles = ['property', 'default', ...(isConstrained ? ['takes'] : []), 'sets', 'where'];
  const rows = properties.map(({ name, fallback, takes, uses, file }) => [
    isMarkdown ? `\`${name}\`` : name,
    isMarkdown
      ? fallback === undefined
        ? 'none: a task must set the property'
        : `\`${fallback}\``
      : (fallback ?? '-'),
    ...(isConstrained ? [takes ?? 'anything'] : []),
    [...new Set(uses.map(({ option }) => option ?? 'the script'))].join(', '),
    `${file}:${uses.map(({ line }) => line).join(',')}`,
  ]);
  return isMarkdown
    ? markdownTable(titles, rows)
    : textTable(
        titles.map((title) => title.toUpperCase()),
        rows,
        columns,
      );
}

function constraintText(property: TemplateProperty, constraints: PropertyConstraints | undefined): string | undefined {
  const rule = constraints?.named.get(property.name) ?? constraints?.others ?? true;
  if (rule === true) return undefined;
  return rule === false ? 'only the default' : describeConstraint(rule, limitKindOf(property));
}
