// The configuration as a tree in which every value knows its origin.

/** The source of a value, so that every message can say where to change it. `line` and `column` count from 1. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'option'; readonly name: string }
  | { readonly kind: 'derived'; readonly from: string }
  | { readonly kind: 'default' };

/** For users: `/home/ada/clearml.conf:12`, `CLEARML_API_HOST`, `--queue`, `from api.api_server`, `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'variable':
    case 'option':
      return origin.name;
    case 'derived':
      return `from ${origin.from}`;
    case 'default':
      return 'default';
  }
}

export type Scalar = string | number | boolean | null;

export interface Leaf {
  readonly kind: 'leaf';
  readonly value: Scalar;
  /** As written: `1.10` and `007` are numbers, but keep their text as part of a longer text. */
  readonly text: string;
  readonly origin: Origin;
}

export interface ListOf<Item> {
  readonly kind: 'list';
  readonly items: readonly Item[];
  readonly origin: Origin;
}

export interface TreeOf<Field> {
  readonly kind: 'tree';
  readonly fields: ReadonlyMap<string, Field>;
  readonly origin: Origin;
}

export type ConfigNode = Leaf | ListOf<ConfigNode> | TreeOf<ConfigNode>;
export type ConfigTree = TreeOf<ConfigNode>;

export function leaf(value: Scalar, origin: Origin): Leaf {
  return { kind: 'leaf', value, text: String(value), origin };
}

export function emptyTree(origin: Origin): TreeOf<never> {
  return { kind: 'tree', fields: new Map<string, never>(), origin };
}

/** A tree with only this value, at this path. */
export function treeWith(path: readonly string[], value: ConfigNode): ConfigTree {
  const [first, ...rest] = path;
  if (first === undefined) return emptyTree(value.origin);
  const inner = rest.length === 0 ? value : treeWith(rest, value);
  return { kind: 'tree', fields: new Map([[first, inner]]), origin: value.origin };
}

/** `upper` overlaid on `lower`: trees are merged, anything else is replaced. */
export function overlay(lower: ConfigTree, upper: ConfigTree): ConfigTree {
  const fields = new Map(lower.fields);
  for (const [name, value] of upper.fields) {
    const below = fields.get(name);
    fields.set(name, below?.kind === 'tree' && value.kind === 'tree' ? overlay(below, value) : value);
  }
  return { kind: 'tree', fields, origin: lower.fields.size === 0 ? upper.origin : lower.origin };
}

export function nodeAt(root: ConfigNode, path: readonly (string | number)[]): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const step of path) {
    if (node?.kind === 'tree') node = node.fields.get(String(step));
    else if (node?.kind === 'list' && typeof step === 'number') node = node.items[step];
    else return undefined;
  }
  return node;
}

/** The node for a JSON value. @throws TypeError for any other value */
export function nodeFrom(value: unknown, origin: Origin): ConfigNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => nodeFrom(item, origin)), origin };
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]): [string, ConfigNode] => [name, nodeFrom(field, origin)]);
    return { kind: 'tree', fields: new Map(fields), origin };
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return leaf(value, origin);
  }
  throw new TypeError(`a ${typeof value} cannot be a setting`);
}

export type Plain = Scalar | readonly Plain[] | { readonly [name: string]: Plain };

/** The tree without its origins. */
export function plainTree(tree: ConfigTree): Readonly<Record<string, Plain>> {
  // `fromEntries` defines each field, so that `__proto__` is an ordinary key.
  return Object.fromEntries([...tree.fields].map(([name, value]) => [name, plain(value)]));
}

function plain(node: ConfigNode): Plain {
  if (node.kind === 'leaf') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return plainTree(node);
}
