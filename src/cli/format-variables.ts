// Formats the variables that a template may use, with the values of a task if one is named.
import { MASK, redactText, redactWords } from '../base/secret-patterns.ts';
import { isSecretKey } from '../config/secret-setting-names.ts';
import { listValues, type VariableValue } from '../sbatch-template/placeholders/variables.ts';
import { displayValue } from '../sbatch-template/placeholders/display-value.ts';
import { VARIABLE_FIELDS } from '../sbatch-template/placeholders/variable-fields.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { readTask, type TaskOptions } from '../task-commands/load-task-to-render.ts';
import { textTable } from '../base/text-table.ts';

/** All variables that a template may use. */
export function formatFields(isJson: boolean, columns?: number): string {
  return isJson ? toJson(VARIABLE_FIELDS) : showFields(columns);
}

/** The variables of one task with their values, secrets masked. @throws UsageError; for a task of the server, what the client throws */
export async function formatValues(
  options: TaskOptions,
  here: Configured,
  { isJson, columns }: { readonly isJson: boolean; readonly columns: number | undefined },
): Promise<string> {
  const { queues, clusters } = here.config.settings;
  const [queue] = queues;
  const cluster = clusters.find(({ name }) => name === queue?.cluster) ?? clusters[0];
  if (cluster === undefined) throw new RangeError('a configuration has at least one cluster');
  const { variables } = await readTask(options, here, { queueName: queue?.name ?? 'default', cluster }, 'vars');
  const values = listValues(variables).map(({ name, value }) => ({ name, value: masked(name, value) }));
  return isJson
    ? toJson(Object.fromEntries(values.map(({ name, value }) => [name, value])))
    : showValues(values, columns);
}

/** Masks values with a secret key, and secrets within other values. */
function masked(name: string, value: unknown): unknown {
  if (name.split('.').slice(1).some(isSecretKey)) return MASK;
  if (Array.isArray(value)) return redactWords(value.map(String)).map(({ shown: word }) => word);
  return typeof value === 'string' ? redactText(value).shown : value;
}

function showValues(values: readonly VariableValue[], columns?: number): string {
  return textTable(
    ['VARIABLE', 'VALUE'],
    values.map(({ name, value }) => [name, displayValue(Array.isArray(value) ? value.join(',') : String(value))]),
    columns,
  );
}

function showFields(columns?: number): string {
  return textTable(
    ['VARIABLE', 'TYPE', 'OPTIONAL', 'EXAMPLE', 'MEANING'],
    VARIABLE_FIELDS.map(({ name, type, mayLack, example, meaning }) => [
      name,
      type,
      mayLack ? 'yes' : 'no',
      example,
      meaning,
    ]),
    columns,
  );
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
