// Gives each kind of identifier its own type, so that a job id cannot be passed as a task id.
declare const brand: unique symbol;

/** A string that only a cast or a schema converts to this kind of identifier. */
export type Brand<Kind extends string> = string & { readonly [brand]: Kind };
