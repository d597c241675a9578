// The type of a figure: a measured value, its reference from the same run, and the target of the project.

export interface Result {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Measured in the same run and in the same unit: only the ratio to it means something on another machine. */
  readonly anchor?: { readonly what: string; readonly value: number };
  /** Of single measurements against each other, the middle half: how much the machine's other work blurred the ratio. */
  readonly spread?: readonly [low: number, high: number];
  /** For the ratio where there is an anchor, else for the value. */
  readonly target?: Target;
}

export type Target = { readonly atMost: number } | { readonly atLeast: number };

export interface Tools {
  /** The executable of the program, built as it is published; it is built once for all figures. */
  readonly program: () => Promise<string>;
  /** Reports the progress. */
  readonly say: (what: string) => void;
}

export interface Figure {
  /** For `--only`. */
  readonly name: string;
  readonly measure: (tools: Tools) => Promise<readonly Result[]>;
}

/** How often the anchor's value this is, or undefined without an anchor. */
export function ratioOf({ value, anchor }: Result): number | undefined {
  return anchor === undefined ? undefined : value / anchor.value;
}

/** Undefined without a target. */
export function isMet(result: Result): boolean | undefined {
  const { target } = result;
  if (target === undefined) return undefined;
  const measured = ratioOf(result) ?? result.value;
  return 'atMost' in target ? measured <= target.atMost : measured >= target.atLeast;
}
