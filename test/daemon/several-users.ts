// The simulated cluster with several Unix users: it knows the owner of each job, and refuses what a real one refuses.
import type { Clock } from '../../src/base/clock.ts';
import type { UnixAccount } from '../../src/base/resolve-user-map.ts';
import type { Job, JobId, JobList, Scheduler } from '../../src/slurm/scheduler.ts';

export interface SeveralUsers {
  readonly scheduler: Scheduler;
  /** Users for whom sudo refuses every command. */
  readonly refused: Set<string>;
  /** When sudo refused a submission (milliseconds since 1970). */
  readonly refusals: readonly number[];
  /** Users whose jobs cannot be listed. */
  readonly unlisted: Set<string>;
  /** The user of each job; undefined for the daemon's. */
  readonly owners: ReadonlyMap<JobId, string | undefined>;
  /** Calls of scancel: the job, and as whom. */
  readonly cancelled: { readonly id: JobId; readonly as: string | undefined }[];
  /** Where each job was started. */
  readonly workDirs: Map<string, string | undefined>;
  /** Jobs that users have submitted themselves, such as forged ones. */
  foreign: readonly Job[];
}

export function severalUsers(inner: Scheduler, clock: Pick<Clock, 'now'>): SeveralUsers {
  const refusals: number[] = [];
  const owners = new Map<JobId, string | undefined>();

  async function listFor(list: Promise<JobList>, accounts: readonly UnixAccount[]): Promise<JobList> {
    const read = await list;
    if (read.kind === 'failed') return read;
    const names = new Set<string | undefined>([undefined, ...accounts.map(({ name }) => name)]);
    const own = read.jobs.map((job) => {
      const owner = owners.get(job.id);
      return owner === undefined ? job : { ...job, unixUser: owner };
    });
    const missing = accounts.map(({ name }) => name).filter((name) => users.unlisted.has(name));
    for (const name of missing) names.delete(name);
    const jobs = [...own, ...users.foreign].filter(({ unixUser }) => names.has(unixUser));
    return missing.length === 0 ? { kind: 'listed', jobs } : { kind: 'listed', jobs, unlisted: new Set(missing) };
  }

  const users: SeveralUsers = {
    owners,
    refused: new Set(),
    refusals,
    unlisted: new Set(),
    cancelled: [],
    workDirs: new Map(),
    foreign: [],
    scheduler: {
      ...inner,
      async submit(submission) {
        const user = submission.runAs?.name;
        if (user !== undefined && users.refused.has(user)) {
          refusals.push(clock.now());
          return { kind: 'unavailable', message: `sudo refused to run sbatch as ${user}`, isOfUser: true };
        }
        const outcome = await inner.submit(submission);
        if (outcome.kind !== 'accepted') return outcome;
        owners.set(outcome.jobId, user);
        users.workDirs.set(submission.jobName, submission.workDir);
        return outcome;
      },
      list: (signal, accounts = []) => listFor(inner.list(signal), accounts),
      listAllUsers: (signal, accounts = []) => listFor(inner.listAllUsers(signal), accounts),
      async lookUp(names, since, signal, its = new Map()) {
        const read = await listFor(inner.lookUp(names, since, signal), [...its.values()]);
        if (read.kind === 'failed') return read;
        const jobs = read.jobs.filter(({ name, unixUser }) => names.includes(name) && unixUser === its.get(name)?.name);
        return { ...read, jobs };
      },
      async record(id, options) {
        const record = await inner.record(id, options);
        return record && { ...record, isOthers: owners.get(id) !== options?.runAs?.name };
      },
      async cancel(jobs, signal) {
        users.cancelled.push(...jobs.map(({ id, unixUser: as }) => ({ id, as })));
        await inner.cancel(
          jobs.filter(({ id, unixUser }) => owners.get(id) === unixUser),
          signal,
        );
      },
    },
  };
  return users;
}
