// What the user properties of a queue's tasks may be: as the settings say it, and as a task's values are held against it.
import type { LimitKind } from './slurm-amount.ts';

/** The limits of one property as the lead wrote them, all of them in force. */
export interface PropertyConstraint {
  /** How `least` and `most` are written. What they are compared as, the option decides that the property feeds. */
  readonly kind: LimitKind;
  readonly least: string | undefined;
  readonly most: string | undefined;
  /** The only values, where they are listed. */
  readonly values: readonly string[] | undefined;
}

export interface PropertyConstraints {
  /** By the name of the property: whether it may be set, or within which limits. */
  readonly named: ReadonlyMap<string, boolean | PropertyConstraint>;
  /** Whether properties may be set that are not named. */
  readonly others: boolean;
}
