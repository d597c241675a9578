// Checks a merged configuration against the schema, and describes the first error with its position.
import type * as z from 'zod';
import { nearestName } from '../../base/did-you-mean.ts';
import { nodeAt, overlay, plainTree, treeWith, type ConfigNode, type ConfigTree, type Origin } from '../config-tree.ts';
import { ConfigError } from '../errors.ts';
import { ClearmlConf } from './settings-schema.ts';
import { joinPath } from '../dotted-names.ts';
import { knownNames } from './settings-rows.ts';

/** A configuration is checked once, so zod would take longer to generate the code of its checks than to interpret them. */
const ONCE = { jitless: true };

/**
 * The checked configuration with its defaults.
 * @throws ConfigError for the first error
 */
export function checkedConf(tree: ConfigTree): ClearmlConf {
  const given = withoutNulls(tree);
  let result = ClearmlConf.safeParse(plainTree(given), ONCE);
  if (result.success) return result.data;
  const converted = result.error.issues.reduce(withTypedScalar, given);
  if (converted !== given) result = ClearmlConf.safeParse(plainTree(converted), ONCE);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw result.error;
  throw problemOf(tree, issue);
}

/** A number or boolean that is written as a string is one, as in HOCON: the value of an environment variable is always a string. */
function withTypedScalar(tree: ConfigTree, { code, path, ...issue }: z.core.$ZodIssue): ConfigTree {
  const node = nodeAt(tree, stepsOf(path));
  if (code !== 'invalid_type' || node?.kind !== 'leaf' || typeof node.value !== 'string') return tree;
  const value = typedScalar(node.value.trim(), 'expected' in issue ? issue.expected : '');
  return value === undefined ? tree : overlay(tree, treeWith(path.map(String), { ...node, value }));
}

function typedScalar(text: string, type: string): number | boolean | undefined {
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : undefined);
  return ['number', 'int'].includes(type) && /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** `null` means "not set". */
function withoutNulls(tree: ConfigTree): ConfigTree {
  const fields = [...tree.fields]
    .filter(([, node]) => node.kind !== 'leaf' || node.value !== null)
    .map(([name, node]): [string, ConfigNode] => [name, node.kind === 'tree' ? withoutNulls(node) : node]);
  return { ...tree, fields: new Map(fields) };
}

function problemOf(tree: ConfigTree, issue: z.core.$ZodIssue): ConfigError {
  const inner = meantProblem(issue);
  if (inner !== undefined) return problemOf(tree, inner);
  const path = stepsOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return new ConfigError(unknownSetting(path.map(String), key), originAt(tree, [...path, key]));
  }
  const written = nodeAt(tree, path);
  const isMissing = written === undefined || (written.kind === 'leaf' && written.value === null);
  return new ConfigError(`${joinPath(path)} ${isMissing ? 'is missing' : demand(issue)}`, originAt(tree, path));
}

function stepsOf(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** For a union, the error of the shape that the value was probably meant to have: the first with a matching type. */
function meantProblem(issue: z.core.$ZodIssue): z.core.$ZodIssue | undefined {
  if (issue.code === 'invalid_key') return problemAt(issue.path, issue.issues[0]);
  if (issue.code !== 'invalid_union') return undefined;
  const ofKinds = issue.errors.map(([first]) => first);
  return problemAt(
    issue.path,
    ofKinds.find((first) => first !== undefined && (first.path.length > 0 || first.code !== 'invalid_type')),
  );
}

function problemAt(path: readonly PropertyKey[], inner: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  return inner === undefined ? undefined : { ...inner, path: [...path, ...inner.path] };
}

function unknownSetting(group: readonly string[], key: string): string {
  const known = knownNames(group.slice(2));
  const nearest = nearestName(key, known);
  const advice =
    nearest === undefined
      ? `the settings of ${joinPath(group)} are ${known.join(', ')}`
      : `did you mean ${joinPath([...group, nearest])}?`;
  return `there is no setting ${joinPath([...group, key])}: ${advice}`;
}

const GROUP = 'a group of settings in { }';
const KINDS: Readonly<Record<string, string>> = {
  string: 'a string, in double quotes if it looks like something else',
  number: 'a number, without a unit',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  object: GROUP,
  record: GROUP,
};

function demand(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') return 'must be a string';
  return issue.message;
}

/** Where a setting was written, or its nearest parent. */
export function originAt(tree: ConfigTree, path: readonly (string | number)[]): Origin {
  for (let length = path.length; length > 0; length -= 1) {
    const node = nodeAt(tree, path.slice(0, length));
    if (node !== undefined) return node.origin;
  }
  return tree.origin;
}
