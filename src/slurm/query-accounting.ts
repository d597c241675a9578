// Runs sacct: one call for many jobs, each as the Unix user of its jobs, and none for a while after a timeout.
import { groupBy } from '../base/group-by.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import { CommandNotFoundError, CommandTimeoutError, isOfOneUser } from '../transport/errors.ts';
import type { CommandResult } from '../transport/transport.ts';
import { isTransportError, throwUnavailable, SlurmUnavailableError, unlessUnavailable } from './errors.ts';
import { createUserQueries } from './query-each-user.ts';
import { createSacctBackoff } from './sacct-backoff.ts';
import { createConcurrencyLimit } from '../base/concurrency-limit.ts';
import { parseSacctUsage, sacctUsageArgs } from './sacct-end-details.ts';
import { parseSacctFigures, sacctFiguresArgs, sacctNamesArgs } from './sacct-history-figures.ts';
import type { ClusterFacts, EndDetails, JobFigures, JobId, Scheduler } from './scheduler.ts';

interface SacctOptions {
  readonly signal: AbortSignal | undefined;
  readonly runAs: string | undefined;
  /** For `endDetails`. */
  readonly detailsTimeoutMs?: number;
}

type RunSacct = (args: readonly string[], options: SacctOptions) => Promise<CommandResult>;

export interface AccountingDeps {
  readonly sacct: RunSacct;
  /** @throws SlurmUnavailableError */
  readonly facts: (signal?: AbortSignal) => Promise<ClusterFacts>;
  /** The name of the Unix user with this uid. */
  readonly nameUser: (uid: string, signal?: AbortSignal) => Promise<string>;
  readonly log: Logger;
  /** Milliseconds, never set back. */
  readonly now: () => number;
  readonly clock: Pick<Clock, 'sleep'>;
}

export interface AccountingQueries extends Pick<Scheduler, 'endDetails' | 'figures'> {
  /** The output of sacct; undefined without sacct. @throws SlurmUnavailableError */
  query(args: readonly string[], options: SacctOptions): Promise<CommandResult | undefined>;
}

/** What the daemon does about the end of a job does not wait longer for details of the end. */
const DETAILS_TIMEOUT_MS = 10_000;

/** A job with 40,000 steps (slurm.conf(5), MaxStepCount) takes less. A user who prints more would keep the daemon busy. */
const MOST_READ_AS_USER = 16 * 2 ** 20;

/** So that a query of others runs beside one that hangs. */
const QUERIES_AS_USERS_AT_ONCE = 2;

export function createAccountingQueries({
  sacct,
  facts,
  nameUser,
  log,
  now,
  clock,
}: AccountingDeps): AccountingQueries {
  const runSacct = withBackoff(sacct, now, clock);
  // Separate, because these are not worth waiting for.
  const runForDetails = withBackoff(
    (args, options) => sacct(args, { ...options, detailsTimeoutMs: DETAILS_TIMEOUT_MS }),
    now,
    clock,
  );
  const queryFiguresAsEach = createUserQueries<string | undefined>();
  const queryDetailsAsEach = createUserQueries<string | undefined>();

  const query: AccountingQueries['query'] = async (args, options) => {
    try {
      return await runSacct(args, options);
    } catch (error) {
      if (!(error instanceof CommandNotFoundError)) return throwUnavailable(error);
      log.warn('The cluster has accounting but the host has no sacct; jobs are looked up in squeue only', {
        err: error,
      });
      return undefined;
    }
  };

  const endDetails: Scheduler['endDetails'] = async (jobs, signal) => {
    const all = new Map<JobId, EndDetails>();
    if ((await unlessUnavailable(facts(signal)))?.hasAccounting !== true) return all;
    const names = new Map<string, string>();

    async function nameOf(uid: string): Promise<string> {
      const name = names.get(uid) ?? (await nameUser(uid, signal));
      names.set(uid, name);
      return name;
    }

    const byUser = groupBy(jobs, ({ unixUser }) => unixUser);
    await queryDetailsAsEach([...byUser.keys()], async (user) => {
      const ids = (byUser.get(user) ?? []).map(({ id }) => id);
      try {
        const usages = parseSacctUsage(await runForDetails(sacctUsageArgs(ids), { signal, runAs: user }));
        for (const id of ids) {
          const usage = usages.get(id);
          if (usage === undefined) continue;
          const { cancelledByUid: uid, peakMemory, memoryLimit } = usage;
          all.set(id, { memoryLimit, peakMemory, cancelledBy: uid === undefined ? undefined : await nameOf(uid) });
        }
        return undefined;
      } catch (error) {
        if (!(error instanceof SlurmUnavailableError) && !isTransportError(error)) throw error;
        return { message: error.message, isRefused: isOfOneUser(error) || isOfOneUser(error.cause) };
      }
    });
    return all;
  };

  const figures: Scheduler['figures'] = async (jobs, signal) => {
    const { hasAccounting, accountsGpus = false } = await facts(signal);
    const all = new Map<JobId, JobFigures>();
    const byUser = groupBy(jobs, ({ unixUser }) => unixUser);
    if (!hasAccounting) return all;

    // Slurm may hide the jobs of one user from another (slurmdbd.conf(5), PrivateData).
    async function readAs(user: string | undefined): Promise<void> {
      const its = byUser.get(user) ?? [];
      const ids = its.map(({ id }) => id);
      const names = await query(sacctNamesArgs(ids), { signal, runAs: user });
      const runs = names === undefined ? undefined : await query(sacctFiguresArgs(ids), { signal, runAs: user });
      if (names === undefined || runs === undefined) return;
      for (const [id, read] of parseSacctFigures({ names, runs }, its, { accountsGpus })) all.set(id, read);
    }

    let last: SlurmUnavailableError | undefined;
    const { failures, isDown } = await queryFiguresAsEach([...byUser.keys()], async (user) => {
      try {
        await readAs(user);
        return undefined;
      } catch (error) {
        if (!(error instanceof SlurmUnavailableError)) throw error;
        const isRefused = isOfOneUser(error.cause);
        if (!isRefused) last = error;
        return { message: error.message, isRefused };
      }
    });
    if (isDown && last !== undefined) throw last;
    for (const [user, slurm] of failures)
      log.warn("Could not read the usage of a user's ended jobs from accounting", { user, slurm });
    return all;
  };

  return { query, endDetails, figures };
}

/** One call at a time as the user of the daemon. After a timeout the calls behind it fail at once: SlurmUnavailableError. */
function withBackoff(sacct: RunSacct, now: () => number, clock: Pick<Clock, 'sleep'>): RunSacct {
  const ownSlot = createConcurrencyLimit(1);
  const userSlots = createConcurrencyLimit(QUERIES_AS_USERS_AT_ONCE, { perUser: 1, clock });
  const backoff = createSacctBackoff(now);

  async function call(args: readonly string[], options: SacctOptions): Promise<CommandResult> {
    backoff.check(options.runAs);
    try {
      const result = await sacct(args, options);
      backoff.responded(options.runAs);
      if (options.runAs !== undefined && result.stdout.length > MOST_READ_AS_USER)
        throw new SlurmUnavailableError(
          `sacct as ${options.runAs} printed more than ${MOST_READ_AS_USER / 2 ** 20} MiB`,
        );
      return result;
    } catch (error) {
      if (error instanceof CommandTimeoutError) backoff.timedOut(options.runAs);
      throw error;
    }
  }

  return (args, options) => {
    const { signal, runAs } = options;
    return (runAs === undefined ? ownSlot : userSlots).run(() => call(args, options), { user: runAs, signal });
  };
}
