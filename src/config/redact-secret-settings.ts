// Which values of a configuration are secrets, to be hidden in all output and logs.
import { MASK, redactText, redactWords } from '../base/secret-patterns.ts';
import { leaf, type ConfigNode, type ConfigTree, type Leaf, type Origin } from './config-tree.ts';
import { isEnvironmentKey, isSecretKey } from './secret-setting-names.ts';

/** The same tree with every secret replaced by `********`. */
export function withoutSecrets(tree: ConfigTree): ConfigTree {
  return maskedTree(tree, false);
}

function maskedTree(tree: ConfigTree, isSecret: boolean): ConfigTree {
  const fields = [...tree.fields].map(([name, node]): [string, ConfigNode] => [
    name,
    masked(node, isSecret || isSecretKey(name)),
  ]);
  return { ...tree, fields: new Map(fields) };
}

function masked(node: ConfigNode, isSecret: boolean): ConfigNode {
  if (node.kind === 'tree') return maskedTree(node, isSecret);
  if (node.kind === 'list') return { ...node, items: maskedItems(node.items, isSecret) };
  // A boolean or an empty text reveals nothing, and a user may need to see it.
  if (typeof node.value === 'boolean' || node.value === null || node.value === '') return node;
  if (isSecret) return leaf(MASK, node.origin);
  return typeof node.value === 'string' ? leaf(redactText(node.value).shown, node.origin) : node;
}

/** A list of texts may be the words of a command, where one announces the next. */
function maskedItems(items: readonly ConfigNode[], isSecret: boolean): ConfigNode[] {
  const words = redactWords(items.map(wordOf));
  return items.map((item, index) => {
    const word = words[index];
    const isRedacted = !isSecret && item.kind === 'leaf' && word !== undefined && word.shown !== wordOf(item);
    return isRedacted ? leaf(word.shown, item.origin) : masked(item, isSecret);
  });
}

function wordOf(node: ConfigNode): string {
  return node.kind === 'leaf' && node.value !== null ? String(node.value) : '';
}

/** Every text of the tree that no output may show. */
export function secretValues(tree: ConfigTree): string[] {
  return [...new Set(treeSecrets(tree, 'open').map(({ value }) => value))];
}

/** The files that contain them. */
export function filesWithSecrets(tree: ConfigTree): string[] {
  return treeSecrets(tree, 'open').flatMap(({ origin }) => (origin.kind === 'file' ? [origin.file] : []));
}

interface Secret {
  readonly value: string;
  readonly origin: Origin;
}

/** `open`: only text between other words is secret. `environment`: any value may be secret. */
type Ground = 'open' | 'environment' | 'secret';

function treeSecrets(tree: ConfigTree, ground: Ground): Secret[] {
  return [...tree.fields].flatMap(([name, node]) => nodeSecrets(node, groundBelow(name, ground)));
}

function groundBelow(name: string, ground: Ground): Ground {
  if (ground === 'secret') return ground;
  if (isEnvironmentKey(name)) return 'environment';
  return isSecretKey(name) ? 'secret' : ground;
}

function nodeSecrets(node: ConfigNode, ground: Ground): Secret[] {
  if (node.kind === 'tree') return treeSecrets(node, ground);
  // Our own defaults contain none, and searching them takes as long as checking the configuration.
  if (node.origin.kind === 'default') return [];
  if (node.kind === 'list') {
    const inWords = redactWords(node.items.map(wordOf)).flatMap(({ secrets }) =>
      secrets.map((value) => ({ value, origin: node.origin })),
    );
    return [...(ground === 'secret' ? [] : inWords), ...node.items.flatMap((item) => nodeSecrets(item, ground))];
  }
  if (typeof node.value === 'boolean' || node.value === null) return [];
  const isWhole = ground === 'secret' || (ground === 'environment' && mayBeSecret(node));
  const values = isWhole ? [String(node.value)] : redactText(String(node.value)).secrets;
  return values.map((value) => ({ value, origin: node.origin }));
}

/** Plain words, numbers and paths are not secrets: hiding them would hide half of every log line. */
function mayBeSecret({ value }: Leaf): boolean {
  return typeof value === 'string' && !/^(?:[A-Za-z_-]*|[\d.]*|[/~.].*)$/.test(value);
}
