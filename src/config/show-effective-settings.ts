// Prints the effective configuration with the origin of each value, secrets masked.
import { nearestName } from '../base/did-you-mean.ts';
import { nodeAt, plainTree, type ConfigNode, type ConfigTree, formatOrigin } from './config-tree.ts';
import { UnknownSettingError } from './errors.ts';
import type { Config } from './load-config.ts';
import { withoutSecrets } from './redact-secret-settings.ts';
import { ANY_NAME, clearmlRows, settingRows } from './schema/settings-rows.ts';
import { joinPath, splitPath } from './dotted-names.ts';

export interface ShowOptions {
  /** A setting or a group; everything if undefined. */
  readonly key?: string | undefined;
  readonly origins?: boolean;
  readonly json?: boolean;
}

/**
 * Text for standard output, with a final newline. A single setting is its bare value; a group is one `name = value` per line.
 * @throws UnknownSettingError if there is no such setting
 */
export function showConfig(
  { root }: Pick<Config, 'root'>,
  { key, origins = false, json = false }: ShowOptions,
): string {
  const open = withoutSecrets(root);
  const path = key === undefined ? [] : splitPath(key);
  const node = nodeAt(open, path);
  if (node === undefined) throw noSuchSetting(open, path);
  if (json) return `${JSON.stringify(origins ? jsonWithOrigins(node, path) : plainNode(node), null, 2)}\n`;
  if (node.kind !== 'tree') return origins ? lines([row(node, path)], true) : `${bareText(node)}\n`;
  return lines(rows(node, path), origins);
}

interface Row {
  readonly setting: string;
  readonly origin: string;
}

/** A list is one row, because it is replaced as a whole. */
function rows(node: ConfigNode, path: readonly string[]): Row[] {
  if (node.kind !== 'tree' || node.fields.size === 0) return [row(node, path)];
  return [...node.fields].flatMap(([name, field]) => rows(field, [...path, name]));
}

function row(node: ConfigNode, path: readonly string[]): Row {
  return { setting: `${joinPath(path)} = ${JSON.stringify(plainNode(node))}`, origin: formatOrigin(node.origin) };
}

function lines(all: readonly Row[], origins: boolean): string {
  const width = Math.min(60, Math.max(...all.map(({ setting }) => setting.length)));
  const line = ({ setting, origin }: Row): string => (origins ? `${setting.padEnd(width)}  # ${origin}` : setting);
  return all.map((each) => `${line(each)}\n`).join('');
}

function jsonWithOrigins(node: ConfigNode, path: readonly string[]): unknown {
  if (node.kind === 'tree' && node.fields.size > 0) {
    return Object.assign({}, ...[...node.fields].map(([name, field]) => jsonWithOrigins(field, [...path, name])));
  }
  return { [joinPath(path)]: { value: plainNode(node), origin: formatOrigin(node.origin) } };
}

function plainNode(node: ConfigNode): unknown {
  return plainTree({ kind: 'tree', fields: new Map([['value', node]]), origin: node.origin })['value'];
}

function bareText(node: ConfigNode): string {
  const value = plainNode(node);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function noSuchSetting(root: ConfigTree, path: readonly string[]): UnknownSettingError {
  const meant = fullName(root, path) ?? nearestBeside(root, path);
  const advice = meant === undefined ? 'Omit the name to see all settings.' : `Did you mean ${joinPath(meant)}?`;
  return new UnknownSettingError(`Nothing sets ${joinPath(path)}. ${advice}`);
}

/** The shortest name of a setting that ends with this one; also of a setting without a value. */
function fullName(root: ConfigTree, end: readonly string[]): readonly string[] | undefined {
  const described = [...clearmlRows(), ...settingRows().map(({ name }) => ({ name: `agent.slurm.${name}` }))];
  const candidates = [...pathsBelow(root), ...described.map(({ name }) => splitPath(name))];
  return candidates
    .filter((path) => path.length > end.length && end.every((step, index) => path.at(index - end.length) === step))
    .filter((path) => !path.includes(ANY_NAME))
    .sort((one, other) => one.length - other.length)[0];
}

function pathsBelow(tree: ConfigTree, group: readonly string[] = []): (readonly string[])[] {
  return [...tree.fields].flatMap(([name, field]) => {
    const path = [...group, name];
    return [path, ...(field.kind === 'tree' ? pathsBelow(field, path) : [])];
  });
}

function nearestBeside(root: ConfigTree, path: readonly string[]): readonly string[] | undefined {
  const group = path.slice(0, -1);
  const around = nodeAt(root, group);
  const nearest = around?.kind === 'tree' ? nearestName(path.at(-1) ?? '', [...around.fields.keys()]) : undefined;
  return nearest === undefined ? undefined : [...group, nearest];
}
