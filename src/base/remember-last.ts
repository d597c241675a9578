// Computes again only what depends on something that has changed.

/** The same function, which returns its last result as long as each of its arguments is the same one as last time. */
export function rememberLast<Args extends readonly unknown[], Result>(
  compute: (...args: Args) => Result,
): (...args: Args) => Result {
  let last: { readonly args: Args; readonly result: Result } | undefined;
  return (...args) => {
    if (last === undefined || !areSame(last.args, args)) last = { args, result: compute(...args) };
    return last.result;
  };
}

/** Whether both lists have the same elements, by identity. */
export function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => Object.is(one, others[index]));
}
