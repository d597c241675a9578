// The simulated cluster as another Unix user sees it: only its own jobs can be cancelled; the list of all users has the rest.
import type { Job, JobId, JobList, Scheduler } from '../../src/slurm/scheduler.ts';

export interface AnotherUser {
  readonly scheduler: Scheduler;
  /** Jobs of other users that this user tried to cancel. */
  readonly touched: readonly JobId[];
  /** Jobs of third users in the list of all users. */
  foreign: readonly Job[];
}

export function anotherUser(inner: Scheduler): AnotherUser {
  const own = new Set<JobId>();
  const touched: JobId[] = [];
  const isOthers = (id: JobId): boolean => !own.has(id);
  const filtered = async (list: Promise<JobList>): Promise<JobList> => {
    const read = await list;
    return read.kind === 'failed' ? read : { kind: 'listed', jobs: read.jobs.filter(({ id }) => !isOthers(id)) };
  };
  const user: AnotherUser = {
    touched,
    foreign: [],
    scheduler: {
      ...inner,
      async submit(submission) {
        const outcome = await inner.submit(submission);
        if (outcome.kind === 'accepted') own.add(outcome.jobId);
        return outcome;
      },
      list: (signal) => filtered(inner.list(signal)),
      async sizes(signal) {
        const sizeOf = await inner.sizes(signal);
        return (job) => (isOthers(job.id) ? undefined : sizeOf(job));
      },
      lookUp: (names, since, signal) => filtered(inner.lookUp(names, since, signal)),
      async listAllUsers(signal) {
        const read = await inner.listAllUsers(signal);
        if (read.kind === 'failed') return read;
        const jobs = [...read.jobs.map((job) => ({ ...job, isOthers: isOthers(job.id) })), ...user.foreign];
        return { kind: 'listed', jobs };
      },
      async record(id, signal) {
        const record = await inner.record(id, signal);
        return record && { ...record, isOthers: isOthers(id) };
      },
      async cancel(jobs, signal) {
        touched.push(...jobs.map(({ id }) => id).filter(isOthers));
        await inner.cancel(
          jobs.filter(({ id }) => !isOthers(id)),
          signal,
        );
      },
    },
  };
  return user;
}
