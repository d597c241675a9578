// Lists jobs with squeue, and looks up ended ones with sacct, for one Unix user or for several.
import { createBoundedMap } from '../base/bounded-map.ts';
import type { UnixAccount } from '../base/resolve-user-map.ts';
import type { Logger } from '../log/logger.ts';
import { isOfOneUser } from '../transport/errors.ts';
import type { CommandResult } from '../transport/transport.ts';
import { isTransportError, throwUnavailable, oneLine, SlurmUnavailableError, unlessUnavailable } from './errors.ts';
import { mergeLookUp, parseSacctJobs, sacctJobsArgs } from './look-up-sacct-jobs.ts';
import type { Job, JobId, JobList, JobSize, ListedSizes, Scheduler } from './scheduler.ts';
import { createUserQueries, type UserFailure } from './query-each-user.ts';
import { parseSqueue, squeueArgs } from './squeue.ts';
import { parseSqueueSizes, squeueSizesArgs } from './squeue-nodes-and-gpus.ts';

export interface JobListerDeps {
  readonly squeue: (args: readonly string[], signal?: AbortSignal, runAs?: string) => Promise<CommandResult>;
  /** Undefined without accounting. @throws SlurmUnavailableError */
  readonly sacct: (
    args: (userId: number) => readonly string[],
    signal?: AbortSignal,
    owner?: UnixAccount,
  ) => Promise<CommandResult | undefined>;
  /** @throws SlurmUnavailableError */
  readonly ourUserId: (signal?: AbortSignal) => Promise<number>;
  /** Whether Slurm shows each user only their own jobs. @throws SlurmUnavailableError */
  readonly hidesJobs: (signal?: AbortSignal) => Promise<boolean>;
  /** The same, read again. @throws SlurmUnavailableError */
  readonly hidesJobsNow: (signal?: AbortSignal) => Promise<boolean>;
  readonly log: Logger;
  readonly randomToken: () => string;
}

/** A new release has a few new states; more unknown ones mean that it is not Slurm, and more log lines would not help. */
const MOST_STRANGE_STATES = 20;

/** Well below the kernel's limit for one argument. */
const NAMES_PER_CALL = 500;

export function createJobLister({
  squeue,
  sacct,
  ourUserId,
  hidesJobs,
  hidesJobsNow,
  log,
  randomToken,
}: JobListerDeps): Pick<Scheduler, 'list' | 'listAllUsers' | 'sizes' | 'lookUp'> {
  const strangeStates = createBoundedMap<true>(MOST_STRANGE_STATES);
  const queryEach = createUserQueries<string>();

  async function listOwn(signal?: AbortSignal, runAs?: string): Promise<JobList> {
    const mark = randomToken();
    return parseSqueue(await squeue(squeueArgs(mark, 'ours'), signal, runAs), mark);
  }

  async function listSeveral(
    whose: "everybody's" | 'theirs',
    accounts: readonly UnixAccount[],
    signal?: AbortSignal,
  ): Promise<JobList> {
    const own = await ourUserId(signal);
    if (accounts.length > 0 && (await hidesJobs(signal))) return listAsEach(accounts, signal);
    const mark = randomToken();
    const uids = [own, ...accounts.map(({ uid }) => uid)];
    const args = squeueArgs(mark, whose === 'theirs' ? uids : whose);
    return parseSqueue(await squeue(args, signal), mark, { own, accounts });
  }

  /**
   * A list in which the absence of a job is evidence. Slurm's settings are read after it: since an admin set `PrivateData=jobs`, squeue
   * omits the jobs of other users without an error.
   */
  async function listProven(
    whose: "everybody's" | 'theirs',
    accounts: readonly UnixAccount[],
    signal?: AbortSignal,
  ): Promise<JobList> {
    const wereHidden = accounts.length === 0 || (await hidesJobs(signal));
    const result = await listSeveral(whose, accounts, signal);
    if (wereHidden || result.kind === 'failed' || !(await hidesJobsNow(signal))) return result;
    return listAsEach(accounts, signal);
  }

  /** One call as each user. If it fails for one of them, only that user's jobs are missing. */
  async function listAsEach(accounts: readonly UnixAccount[], signal?: AbortSignal): Promise<JobList> {
    const ours = await listOwn(signal);
    if (ours.kind === 'failed') return ours;
    const jobs: Job[] = ours.jobs.map((job) => ({ ...job, isOthers: false }));
    const unlisted = new Set<string>();
    const lists = await Promise.all(
      accounts.map(async ({ name }) => ({ name, theirs: await orFailed(listOwn(signal, name)) })),
    );
    for (const { name, theirs } of lists) {
      if (theirs.kind === 'failed') noteUnlisted(unlisted, name, theirs.message);
      else for (const job of theirs.jobs) jobs.push({ ...job, isOthers: false, unixUser: name });
    }
    return listed(jobs, unlisted);
  }

  async function sizes(signal?: AbortSignal, accounts: readonly UnixAccount[] = []): Promise<ListedSizes> {
    const ask = async (whose: 'ours' | readonly number[], runAs?: string): Promise<Map<JobId, JobSize>> => {
      const mark = randomToken();
      return parseSqueueSizes(await squeue(squeueSizesArgs(mark, whose), signal, runAs).catch(throwUnavailable), mark);
    };
    if (accounts.length === 0 || !(await hidesJobs(signal))) {
      const uids = accounts.length === 0 ? 'ours' : [await ourUserId(signal), ...accounts.map(({ uid }) => uid)];
      const all = await ask(uids);
      return ({ id }) => all.get(id);
    }
    const own = await ask('ours');
    // A user can make squeue print any id, also that of another user's job.
    const theirs = new Map(
      await Promise.all(accounts.map(async ({ name }) => [name, await unlessUnavailable(ask('ours', name))] as const)),
    );
    return ({ id, unixUser }) => (unixUser === undefined ? own : theirs.get(unixUser))?.get(id);
  }

  function noteUnlisted(unlisted: Set<string>, user: string, message: string): void {
    unlisted.add(user);
    log.warn('Cannot list the jobs of a user; leaving the tasks of this user as they are', { user, slurm: message });
  }

  function warnOfStrangeStates(jobs: readonly Job[]): void {
    for (const { id, state, stateWord } of jobs) {
      if (state !== 'UNKNOWN' || strangeStates.get(stateWord) === true) continue;
      if (strangeStates.size === MOST_STRANGE_STATES) return;
      strangeStates.set(stateWord, true);
      log.warn('Slurm reports an unknown job state; jobs in this state are treated as live', {
        job: id,
        state: oneLine(stateWord),
      });
    }
  }

  async function list(signal?: AbortSignal, accounts: readonly UnixAccount[] = []): Promise<JobList> {
    return reported(accounts.length === 0 ? listOwn(signal) : listSeveral('theirs', accounts, signal));
  }

  async function reported(list: Promise<JobList>): Promise<JobList> {
    const result = await orFailed(list);
    if (result.kind === 'listed') warnOfStrangeStates(result.jobs);
    return result;
  }

  /**
   * The jobs with these names in accounting, each asked as its own user; none without accounting. If a user's call fails, only that user's
   * jobs are missing.
   */
  async function remember(
    names: readonly string[],
    since: number,
    owners: ReadonlyMap<string, UnixAccount>,
    signal?: AbortSignal,
  ): Promise<JobList> {
    const own = await orFailed(rememberOf(namesOf(undefined), since, undefined, signal), isOfOneUser);
    if (own.kind === 'failed') return own;
    const jobs: Job[] = [...own.jobs];
    const accounts = distinct(owners);

    function namesOf(user: string | undefined): string[] {
      return names.filter((name) => owners.get(name)?.name === user);
    }

    async function rememberAs(user: string): Promise<UserFailure | undefined> {
      const owner = accounts.find(({ name }) => name === user);
      try {
        const found = await orFailed(rememberOf(namesOf(user), since, owner, signal), isOfOneUser);
        if (found.kind === 'failed') return { message: found.message, isRefused: false };
        for (const job of found.jobs) jobs.push(job);
        return undefined;
      } catch (error) {
        if (!(error instanceof SlurmUnavailableError) || !isOfOneUser(error.cause)) throw error;
        return { message: error.message, isRefused: true };
      }
    }

    const { failures, isDown } = await queryEach(
      accounts.map(({ name }) => name),
      rememberAs,
    );
    const [message] = failures.values();
    const isDownForAll = isDown && failures.size > 1 && namesOf(undefined).length === 0;
    if (isDownForAll && message !== undefined) return { kind: 'failed', message };
    const unlisted = new Set<string>();
    for (const [name, why] of failures) noteUnlisted(unlisted, name, why);
    return listed(jobs, unlisted);
  }

  async function rememberOf(
    names: readonly string[],
    since: number,
    owner: UnixAccount | undefined,
    signal?: AbortSignal,
  ): Promise<JobList> {
    const jobs: Job[] = [];
    for (let from = 0; from < names.length; from += NAMES_PER_CALL) {
      const some = names.slice(from, from + NAMES_PER_CALL);
      const result = await sacct((userId) => sacctJobsArgs(some, since, userId), signal, owner);
      if (result === undefined) break;
      const part = parseSacctJobs(result);
      if (part.kind === 'failed') return part;
      for (const job of part.jobs) jobs.push(owner === undefined ? job : { ...job, unixUser: owner.name });
    }
    return { kind: 'listed', jobs };
  }

  return {
    list,
    listAllUsers: (signal, accounts = []) => orFailed(listProven("everybody's", accounts, signal)),
    sizes,
    async lookUp(names, since, signal, owners = new Map()) {
      // In this order, a job that is submitted or ends between the two calls appears as in squeue.
      const past = await orFailed(remember(names, since, owners, signal));
      const accounts = distinct(owners);
      const missing = (past.kind === 'listed' ? past.unlisted : undefined) ?? new Set<string>();
      // Nothing follows from a list of their other jobs.
      if (names.every((name) => missing.has(owners.get(name)?.name ?? ''))) return listed([], missing);
      const current = await reported(accounts.length === 0 ? listOwn(signal) : listProven('theirs', accounts, signal));
      if (current.kind === 'failed') return current;
      // Another user may have given a job the same name.
      const shown = current.jobs.filter(({ name, unixUser }) => unixUser === owners.get(name)?.name);
      const merged = mergeLookUp(names, past, shown);
      if (merged.kind === 'failed') return merged;
      return listed(merged.jobs, new Set([...missing, ...(current.unlisted ?? [])]));
    },
  };
}

function listed(jobs: readonly Job[], unlisted: ReadonlySet<string>): JobList & { readonly kind: 'listed' } {
  return { kind: 'listed', jobs, ...(unlisted.size === 0 ? {} : { unlisted }) };
}

function distinct(owners: ReadonlyMap<string, UnixAccount>): UnixAccount[] {
  return [...new Map([...owners.values()].map((owner) => [owner.name, owner])).values()];
}

/** @param isThrown whether a failure with this cause is thrown */
async function orFailed(list: Promise<JobList>, isThrown = (_cause: unknown): boolean => false): Promise<JobList> {
  try {
    return await list;
  } catch (error) {
    const isUnavailable = error instanceof SlurmUnavailableError && !isThrown(error.cause);
    if (!isUnavailable && !isTransportError(error)) throw error;
    return { kind: 'failed', message: error.message };
  }
}
