// Queries accounting as each of several Unix users, so that no user's failing query harms the others.

import { inParallel } from '../base/concurrency-limit.ts';

/** Why the query of one user failed. */
export interface UserFailure {
  readonly message: string;
  /** Whether it did not run, for a reason that says nothing about accounting. */
  readonly isRefused: boolean;
}

export interface EachUser<User> {
  /** Why each user without an answer has none. */
  readonly failures: ReadonlyMap<User, string>;
  /** Accounting has failed, not only sudo, and no user has an answer. */
  readonly isDown: boolean;
}

/** @param query returns undefined if it succeeded */
export type QueryEachUser<User> = (
  users: readonly User[],
  query: (user: User) => Promise<UserFailure | undefined>,
) => Promise<EachUser<User>>;

/** Each failure may last until the timeout. After so many in one call, accounting is probably down. */
const MOST_FAILURES = 2;

/** Asks users whose last query failed after all others, so that each of the others gets an answer. */
export function createUserQueries<User extends string | undefined>(): QueryEachUser<User> {
  const failedLast = new Set<User>();

  return async (users, query) => {
    const failures = new Map<User, string>();
    let [failed, answered] = [0, 0];
    const inTurn = users.toSorted((a, b) => Number(failedLast.has(a)) - Number(failedLast.has(b)));
    await inParallel(inTurn, MOST_FAILURES, async (user) => {
      if (failed >= MOST_FAILURES) {
        failedLast.delete(user);
        failures.set(
          user,
          `accounting was not queried for this user, because the queries for ${MOST_FAILURES} other users had failed`,
        );
        return;
      }
      const failure = await query(user);
      failedLast.delete(user);
      if (failure === undefined) {
        answered += 1;
        return;
      }
      failures.set(user, failure.message);
      if (failure.isRefused) return;
      failed += 1;
      failedLast.add(user);
    });
    return { failures, isDown: failed > 0 && answered === 0 };
  };
}
