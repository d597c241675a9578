// Resolves the value of a placeholder to text: looks it up, applies default and filters, and refuses control characters.
import { nearestName } from '../../base/did-you-mean.ts';
import { isJsonObject } from '../../base/parse-json.ts';
import { limitText } from '../../base/truncate-text.ts';
import type { ValuePlaceholder } from './parse-placeholder.ts';
import { applyFilters, hasFilter } from './filters.ts';
import { displayValue } from './display-value.ts';
import { WHOLE_NUMBER } from './quote-value.ts';
import { templateErrorAt, type TemplateSource } from '../template-source.ts';
import type { Origin, Variables } from '../template.ts';
import { lookUp, type Lookup } from './variables.ts';

export interface ResolvedValue {
  readonly text: string;
  readonly origin: Origin;
}

/** @throws TemplateError if there is neither a value nor a default, or if the value cannot be written into a script */
export function resolveValue(
  source: TemplateSource,
  placeholder: ValuePlaceholder,
  variables: Variables,
): ResolvedValue {
  const found = lookUp(placeholder.variable, variables);
  const text = formatValue(found.value);
  if (text !== undefined) return { text: finish(source, placeholder, text), origin: found.origin };
  if (isJsonObject(found.value))
    throw templateErrorAt(source, placeholder.start, 'not-one-value', notOneValue(placeholder, found.value));
  const fallback = resolveDefault(source, placeholder);
  if (fallback === undefined)
    throw templateErrorAt(source, placeholder.start, 'no-default', noValue(placeholder, found, variables));
  return { text: fallback, origin: 'default' };
}

/** @throws TemplateError if the default cannot be written into a script */
export function resolveDefault(source: TemplateSource, placeholder: ValuePlaceholder): string | undefined {
  return placeholder.fallback === undefined ? undefined : finish(source, placeholder, placeholder.fallback);
}

/** Booleans, numbers and lists as clearml-agent writes them; undefined for null and for objects. */
function formatValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: unknown) => (Array.isArray(item) ? undefined : formatValue(item)));
  return items.includes(undefined) ? undefined : items.join(',');
}

function finish(source: TemplateSource, placeholder: ValuePlaceholder, value: string): string {
  const text = applyFilters(value, placeholder.filters);
  if (hasFilter(placeholder.filters, 'int') && !WHOLE_NUMBER.test(text)) {
    throw templateErrorAt(
      source,
      placeholder.start,
      'not-a-number',
      `the value of ${placeholder.variable} is ${displayValue(text)}, and must be a whole number`,
    );
  }
  const isRaw = hasFilter(placeholder.filters, 'raw');
  const control = /[\p{Cc}\p{Cs}]/u.exec(isRaw ? text.replaceAll(/[\n\t]/g, '') : text)?.[0];
  if (control === undefined) return text;
  const code = (control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw templateErrorAt(
    source,
    placeholder.start,
    'control-character',
    `the value of ${placeholder.variable} is ${displayValue(text)}, with the forbidden character U+${code}: remove it` +
      (/[\n\t]/.test(control) ? `, or write \${${placeholder.variable}|raw} to keep newlines and tabs` : ''),
  );
}

/** Listed in a message. */
const MOST_FIELDS = 20;

function notOneValue({ variable }: ValuePlaceholder, value: Readonly<Record<string, unknown>>): string {
  const all = Object.keys(value);
  const fields = all.slice(0, MOST_FIELDS).map((field) => limitText(field, 'name'));
  const example = all.includes('value') ? 'value' : (fields[0] ?? 'FIELD');
  return `${variable} is not a single value; it has the fields ${fields.join(', ')}${all.length > fields.length ? ' and more' : ''}: write \${${variable}.${example}}`;
}

function noValue({ variable, written }: ValuePlaceholder, { missing }: Lookup, { task }: Variables): string {
  const id = typeof task['id'] === 'string' ? ` ${task['id']}` : '';
  const property = /^CLEARML_TASK\.hyperparams\.properties\.(.+)\.value$/i.exec(variable)?.[1];
  const nearest = missing === undefined ? undefined : nearestName(missing.part, missing.known);
  return (
    `${written} has no value for task${id} and no default: write \${${variable}:VALUE} for a default` +
    (property === undefined ? '' : `, or set the user property "${property}" of the task`) +
    (nearest === undefined || nearest === missing?.part
      ? ''
      : `; did you mean "${nearest}" instead of "${missing?.part ?? ''}"?`)
  );
}
