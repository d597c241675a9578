// Constraints for the user properties of a queue's tasks, as the settings define them and the check applies them.
import type { LimitKind } from './slurm-amount.ts';

/** The limits of one property as configured; all of them apply. */
export interface PropertyConstraint {
  /** The notation of `least` and `most`. The unit of the comparison is that of the option which the property sets. */
  readonly kind: LimitKind;
  readonly least: string | undefined;
  readonly most: string | undefined;
  /** The only permitted values, if listed. */
  readonly values: readonly string[] | undefined;
}

export interface PropertyConstraints {
  /** By property: whether it may be set, or its limits. */
  readonly named: ReadonlyMap<string, boolean | PropertyConstraint>;
  /** Whether properties may be set that are not listed. */
  readonly others: boolean;
}
