// What doctor knows of a thing it was to look at, and what it says of it.

/** What was found; or why it could not be had; or why nobody looked. */
export type Fact<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'trouble'; readonly why: string }
  | { readonly kind: 'unasked'; readonly why: string };

export function known<T>(value: T): Fact<T> {
  return { kind: 'known', value };
}

export function trouble(why: string): Fact<never> {
  return { kind: 'trouble', why };
}

export function unasked(why: string): Fact<never> {
  return { kind: 'unasked', why };
}

/** `says` is one line, without a full stop. */
export interface Verdict {
  readonly mark: 'good' | 'bad' | 'open';
  readonly says: string;
}

export function good(says: string): Verdict {
  return { mark: 'good', says };
}

export function bad(says: string): Verdict {
  return { mark: 'bad', says };
}

/** Neither: it does not apply here, or could not be looked at because of what stands above it. */
export function open(says: string): Verdict {
  return { mark: 'open', says };
}

/** What could not be had is bad, and what nobody asked for is open. */
export function judge<T>(fact: Fact<T>, judgeValue: (value: T) => Verdict): Verdict {
  if (fact.kind === 'known') return judgeValue(fact.value);
  return fact.kind === 'trouble' ? bad(fact.why) : open(fact.why);
}

/** The same where another row tells of the trouble: here it only kept us from looking. @param why begins with `not …: ` */
export function judgeIfKnown<T>(fact: Fact<T>, why: string, judgeValue: (value: T) => Verdict): Verdict {
  return fact.kind === 'trouble' ? open(why) : judge(fact, judgeValue);
}

/** One row of what doctor looks at. */
export interface Check<Facts> {
  readonly id: string;
  /** The question, as a person would ask it. */
  readonly asks: string;
  /** What to do when the answer is no: one order, or two to choose from. */
  readonly fix: string;
  readonly judge: (facts: Facts) => Verdict;
}
