// Lists the variables that have a value for one task.
import { isJsonObject } from '../../base/parse-json.ts';
import type { Variables } from '../template.ts';
import { lookUp, PLAIN_NAMES, TREE_NAMES, treeOf } from './variables.ts';

export interface VariableValue {
  /** As in a template. */
  readonly name: string;
  /** A string, a number, a boolean, or a list of them. */
  readonly value: unknown;
}

/** In the order of the table of variables, then of the documents. Of a parameter, only the value is listed. */
export function listValues(variables: Variables): VariableValue[] {
  const plain = PLAIN_NAMES.map((name) => ({ name, value: lookUp(name, variables).value }));
  const fields = TREE_NAMES.flatMap((name) => leaves(name, treeOf(name, variables)));
  return [...plain, ...fields].filter(({ value }) => value !== undefined && value !== null);
}

function leaves(name: string, node: unknown): VariableValue[] {
  if (!isJsonObject(node)) return [{ name, value: node }];
  if (isParameter(name, node)) return [{ name: `${name}.value`, value: node['value'] }];
  return Object.entries(node).flatMap(([key, value]) => leaves(`${name}.${key}`, value));
}

function isParameter(name: string, node: Readonly<Record<string, unknown>>): boolean {
  return /^CLEARML_TASK\.(?:hyperparams\.[^.]+|configuration)\.[^]/.test(name) && Object.hasOwn(node, 'value');
}
