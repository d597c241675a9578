// The facts that doctor gathers, and the result of each check.

/** A value; or why it is unavailable; or why it was not looked up. */
export type Fact<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unavailable'; readonly why: string }
  | { readonly kind: 'unchecked'; readonly why: string };

export function known<T>(value: T): Fact<T> {
  return { kind: 'known', value };
}

export function unavailable(why: string): Fact<never> {
  return { kind: 'unavailable', why };
}

export function unchecked(why: string): Fact<never> {
  return { kind: 'unchecked', why };
}

export interface CheckResult {
  readonly status: 'passed' | 'failed' | 'skipped';
  /** One line without a full stop. */
  readonly message: string;
}

export function passed(message: string): CheckResult {
  return { status: 'passed', message };
}

export function failed(message: string): CheckResult {
  return { status: 'failed', message };
}

/** The check does not apply, or a check above it has failed. */
export function skipped(message: string): CheckResult {
  return { status: 'skipped', message };
}

/** An unavailable fact fails the check; an unchecked one skips it. */
export function checkFact<T>(fact: Fact<T>, check: (value: T) => CheckResult): CheckResult {
  if (fact.kind === 'known') return check(fact.value);
  return fact.kind === 'unavailable' ? failed(fact.why) : skipped(fact.why);
}

/** Skips the check if the fact is unavailable, because another check reports that. @param why begins with `not …: ` */
export function checkIfKnown<T>(fact: Fact<T>, why: string, check: (value: T) => CheckResult): CheckResult {
  return fact.kind === 'unavailable' ? skipped(why) : checkFact(fact, check);
}

export interface Check<Facts> {
  readonly id: string;
  readonly question: string;
  /** What to do if the check fails: an imperative without a full stop. */
  readonly fix: string;
  readonly check: (facts: Facts) => CheckResult;
}
