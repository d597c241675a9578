// Resolves the substitutions of a HOCON tree, from the tree itself, then from the environment.
import { leaf, type ConfigNode, type ConfigTree, type Leaf } from '../config-tree.ts';
import type { Blame } from './hocon-cursor.ts';
import {
  mergeTrees,
  type Draft,
  type DraftList,
  type DraftTree,
  type Pending,
  type Piece,
  type Reference,
} from './hocon-draft.ts';
import { splitPath } from '../dotted-names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value of a known kind, although values inside it may still be pending. */
type Settled = Leaf | DraftList | DraftTree;

// Deeper than any real file and well below the limit of the stack: only a cycle gets there.
const DEEPEST = 500;

/**
 * Replaces every substitution in the tree.
 * @throws ConfigError if one is undefined, refers to itself, or cannot be joined with the adjacent values
 */
export function resolveDraft(root: DraftTree, environment: Environment): ConfigTree {
  const settled = new Map<Pending, Settled | undefined>();
  const inProgress = new Set<Pending>();
  const finished = new Map<Settled, ConfigNode>();

  function settle(draft: Draft): Settled | undefined {
    if (draft.kind !== 'pending') return draft;
    if (settled.has(draft)) return settled.get(draft);
    // A reference to its own key means the previous value.
    if (inProgress.has(draft)) return draft.previous === undefined ? undefined : settle(draft.previous);
    if (inProgress.size > DEEPEST) throw draft.blame('is resolved through too many other settings');
    inProgress.add(draft);
    const value = settlePending(draft);
    inProgress.delete(draft);
    settled.set(draft, value);
    return value;
  }

  function settlePending(draft: Pending): Settled | undefined {
    const { pieces, appends, origin } = draft;
    const value = join(pieces.map(settlePiece), draft);
    // A value that replaces the previous one must not fail because of it.
    if (value !== undefined && value.kind !== 'tree' && !appends) return { ...value, origin };
    const previous = draft.previous === undefined ? undefined : settle(draft.previous);
    if (value === undefined) return previous;
    if (appends) return { ...append(previous, value, draft), origin };
    return { ...(previous?.kind === 'tree' && value.kind === 'tree' ? mergeTrees(previous, value) : value), origin };
  }

  function settlePiece({ gap, part }: Piece): SettledPiece {
    return part.kind === 'reference'
      ? { gap, value: find(part), isReference: true }
      : { gap, value: part, isReference: false };
  }

  function find(reference: Reference): Settled | undefined {
    let found: Settled | undefined = root;
    for (const step of splitPath(reference.name)) {
      const next: Draft | undefined = found?.kind === 'tree' ? found.fields.get(step) : undefined;
      found = next === undefined ? undefined : settle(next);
    }
    if (found !== undefined) return found;
    const value = Object.hasOwn(environment, reference.name) ? environment[reference.name] : undefined;
    if (value !== undefined) return leaf(value, { kind: 'variable', name: reference.name });
    if (reference.isOptional) return undefined;
    throw reference.blame(
      `\${${reference.name}} has no value: no setting or environment variable has this name, or the setting refers to itself`,
    );
  }

  /** The same value with nothing pending inside; undefined if it is missing. */
  function finish(draft: Draft, depth: number, blame?: Blame): ConfigNode | undefined {
    const nearest = draft.kind === 'pending' ? draft.blame : blame;
    if (depth > DEEPEST && nearest !== undefined) throw nearest('refers to a setting that contains it');
    const value = settle(draft);
    if (value === undefined || value.kind === 'leaf') return value;
    const known = finished.get(value);
    if (known !== undefined) return known;
    const node = value.kind === 'tree' ? finishTree(value, depth, nearest) : finishList(value, depth, nearest);
    finished.set(value, node);
    return node;
  }

  function finishTree({ fields, origin }: DraftTree, depth: number, blame?: Blame): ConfigTree {
    const whole = new Map<string, ConfigNode>();
    for (const [name, draft] of fields) {
      const node = finish(draft, depth + 1, blame);
      if (node !== undefined) whole.set(name, node);
    }
    return { kind: 'tree', fields: whole, origin };
  }

  function finishList({ items, origin }: DraftList, depth: number, blame?: Blame): ConfigNode {
    const whole = items.map((item) => finish(item, depth + 1, blame));
    return { kind: 'list', items: whole.filter((item) => item !== undefined), origin };
  }

  return finishTree(root, 0);
}

interface SettledPiece {
  readonly gap: string;
  readonly value: Settled | undefined;
  readonly isReference: boolean;
}

/** Joins adjacent values to one text, one list or one tree. */
function join(pieces: readonly SettledPiece[], { blame, origin }: Pending): Settled | undefined {
  const values = pieces.map(({ value }) => value).filter((value) => value !== undefined);
  const [first] = values;
  if (first === undefined || (values.length === 1 && pieces.length === 1)) return first;
  if (values.every((value) => value.kind === 'tree')) return values.reduce(mergeTrees);
  if (values.every((value) => value.kind === 'list')) {
    return { kind: 'list', items: values.flatMap(({ items }) => items), origin };
  }
  const texts = pieces.map(({ gap, value, isReference }, position) => {
    if (value === undefined) return gap;
    if (value.kind !== 'leaf') throw blame('a string, a list and a group cannot be joined into one value');
    const text = value.value === null && isReference ? '' : value.text;
    // The whitespace after a substitution belongs to it, and is dropped if it is missing.
    return pieces[position - 1]?.value === undefined ? text : gap + text;
  });
  return leaf(texts.join(''), origin);
}

/** `+=`: appends to a list; two texts are joined by a space, as in ClearML's parser. */
function append(previous: Settled | undefined, value: Settled, { blame, origin }: Pending): Settled {
  const added = value.kind === 'list' ? value.items : [value];
  if (previous === undefined) return { kind: 'list', items: added, origin };
  if (previous.kind === 'list') return { kind: 'list', items: [...previous.items, ...added], origin };
  if (previous.kind === 'leaf' && value.kind === 'leaf' && typeof previous.value === 'string') {
    return leaf(`${previous.value} ${value.text}`, origin);
  }
  throw blame('"+=" can only add to a list or a text');
}
