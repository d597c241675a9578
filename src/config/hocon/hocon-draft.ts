// A HOCON text after parsing, before substitutions are resolved: values may still be pending.
import type { Leaf, ListOf, TreeOf, Origin } from '../config-tree.ts';
import type { Blame } from './hocon-cursor.ts';

/** `${path}`, or `${?path}`, which may be missing. */
export interface Reference {
  readonly kind: 'reference';
  /** As written; the name of an environment variable if the tree has no such path. */
  readonly name: string;
  readonly isOptional: boolean;
  readonly blame: Blame;
}

/** One part of a value that consists of several adjacent parts, with the whitespace before it. */
export interface Piece {
  readonly gap: string;
  readonly part: Leaf | DraftList | DraftTree | Reference;
}

/** A value that is known only after the whole text is parsed. */
export interface Pending {
  readonly kind: 'pending';
  readonly pieces: readonly Piece[];
  /** `+=`: is appended to the previous value instead of replacing it. */
  readonly appends: boolean;
  /** The previous value of the same key, which a reference to itself means. */
  readonly previous: Draft | undefined;
  readonly origin: Origin;
  readonly blame: Blame;
}

export type DraftList = ListOf<Draft>;
export type DraftTree = TreeOf<Draft>;
export type Draft = Leaf | DraftList | DraftTree | Pending;

/** The value of a key after `upper` was written to it while it had `lower`. */
export function mergeDrafts(lower: Draft | undefined, upper: Draft): Draft {
  if (upper.kind === 'pending') return { ...upper, previous: mergePrevious(lower, upper.previous) };
  if (upper.kind !== 'tree' || lower === undefined) return upper;
  if (lower.kind === 'tree') return mergeTrees(lower, upper);
  if (lower.kind !== 'pending') return upper;
  // Whether these two merge is known only when the lower one is resolved: it may be a tree.
  const { origin, blame } = lower;
  return { kind: 'pending', pieces: [{ gap: '', part: upper }], appends: false, previous: lower, origin, blame };
}

/** Puts `lower` before everything that came earlier; a loop, because `+=` makes this chain as long as the file. */
function mergePrevious(lower: Draft | undefined, previous: Draft | undefined): Draft | undefined {
  const chain: Pending[] = [];
  let oldest = previous;
  for (; oldest?.kind === 'pending'; oldest = oldest.previous) chain.push(oldest);
  const start = oldest === undefined ? lower : mergeDrafts(lower, oldest);
  return chain.reduceRight<Draft | undefined>((below, pending) => ({ ...pending, previous: below }), start);
}

/** Merges both trees key by key. */
export function mergeTrees(lower: DraftTree, upper: DraftTree): DraftTree {
  const fields = new Map(lower.fields);
  for (const [name, value] of upper.fields) fields.set(name, mergeDrafts(fields.get(name), value));
  return { kind: 'tree', fields, origin: lower.origin };
}
