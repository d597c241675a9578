// Prints the variables that a template may use: all there are, or those that a task has, with its values.
import { commonOptions } from '../setting-options.ts';
import { MASK, redactText, redactWords } from '../../base/redact.ts';
import { isSecretKey } from '../../config/secret-keys.ts';
import { listValues, type VariableValue } from '../../template/list-values.ts';
import { displayValue } from '../../template/display-value.ts';
import { VARIABLE_FIELDS } from '../../template/task-fields.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { readTask } from '../read-task.ts';
import { textTable } from '../../base/text-table.ts';
import { switchOption, textOption } from '../typed-options.ts';

/** @throws ConfigError, UsageError; with a task of the server's, what asking it throws */
export async function printVariables(typed: Typed, context: CommandContext): Promise<number> {
  const isJson = switchOption(typed, 'json') ?? false;
  const hasTask = textOption(typed, 'task') !== undefined || textOption(typed, 'task-file') !== undefined;
  const columns = context.terminalSize?.().columns;
  if (isJson) context.stdout(toJson(hasTask ? toObject(await valuesOfTask(typed, context)) : VARIABLE_FIELDS));
  else context.stdout(hasTask ? showValues(await valuesOfTask(typed, context), columns) : showFields(columns));
  return EXIT.ok;
}

async function valuesOfTask(typed: Typed, context: CommandContext): Promise<VariableValue[]> {
  const here = { config: readConfig(commonOptions(typed), context), context };
  const { queues, clusters } = here.config.settings;
  const [queue] = queues;
  const cluster = clusters.find(({ name }) => name === queue?.cluster) ?? clusters[0];
  if (cluster === undefined) throw new RangeError('a configuration has at least one cluster');
  const { variables } = await readTask(typed, here, { queueName: queue?.name ?? 'default', cluster }, 'vars');
  return listValues(variables).map(({ name, value }) => ({ name, value: masked(name, value) }));
}

/** A value whose name says that it is secret, and what looks like one within another. */
function masked(name: string, value: unknown): unknown {
  if (name.split('.').slice(1).some(isSecretKey)) return MASK;
  if (Array.isArray(value)) return redactWords(value.map(String)).map(({ shown: word }) => word);
  return typeof value === 'string' ? redactText(value).shown : value;
}

function toObject(values: readonly VariableValue[]): object {
  return Object.fromEntries(values.map(({ name, value }) => [name, value]));
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
    ['VARIABLE', 'TYPE', 'TASK MAY LACK IT', 'EXAMPLE', 'MEANING'],
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
