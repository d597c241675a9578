// Makes identifiers of different kinds different types, so that a job id can't be passed where a task id is wanted.
declare const brand: unique symbol;

/** A string that only a cast (or a schema) can turn into this kind of identifier. */
export type Brand<Kind extends string> = string & { readonly [brand]: Kind };
