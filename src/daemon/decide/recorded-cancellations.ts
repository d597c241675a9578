// The jobs of a task that a daemon has cancelled, as the task itself shows them. Every daemon reads them, also after a lost journal. Pure.
import { attemptOf } from '../../slurm/job-name.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Observation } from './observation.ts';
import { ANOTHER_JOB } from './shared-actions.ts';

/** More would make the user property unreadable, and older jobs are gone from Slurm. */
const MOST_RECORDED = 8;

/** A job id means nothing without the attempt: Slurm reuses ids, and a doubled sbatch makes two jobs of one attempt. */
const ONE = /^(\d{1,10} [0-9a-z]{8,18}) ([\x20-\x7e]{1,200})$/;

const BETWEEN = '; ';

/** Returns why each recorded job was cancelled. Any user may edit the property, so whatever has another form is ignored. */
function parseCancellations(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(BETWEEN).flatMap((one): [string, string][] => {
    const [, job, why] = ONE.exec(one) ?? [];
    return job === undefined || why === undefined ? [] : [[job, why]];
  });
  return new Map(pairs.slice(-MOST_RECORDED));
}

/** The user property with these jobs added, the newest last; undefined if it has them already. */
export function recordCancellations(
  text: string | undefined,
  jobs: readonly Pick<Job, 'id' | 'name'>[],
  why: string,
): string | undefined {
  const before = parseCancellations(text ?? '');
  const added = jobs.filter((job) => !before.has(keyOf(job)));
  if (added.length === 0) return undefined;
  const all = [...before, ...added.map((job) => [keyOf(job), why.replaceAll(';', ',')] as const)];
  return all
    .slice(-MOST_RECORDED)
    .map(([job, reason]) => `${job} ${reason}`)
    .join(BETWEEN);
}

/**
 * Returns the observation as if the journal of this daemon had the recorded cancellations. That of the task's own job counts only once the
 * job is cancelled: a daemon may have died between its record and its scancel.
 */
export function withRecordedCancellations(observation: Observation): Observation {
  const { entry, jobs, task } = observation;
  const recorded = parseCancellations(task?.slurmCancelled ?? '');
  if (recorded.size === 0) return observation;
  const isOwn = ({ id, name }: Job): boolean =>
    entry.jobId === undefined ? attemptOf(name) === entry.attempt : id === entry.jobId;
  const own = jobs.find((job) => isOwn(job) && job.state === 'CANCELLED');
  const extras = jobs.filter((job) => !isOwn(job) && recorded.has(keyOf(job))).map(({ id }) => id);
  return {
    ...observation,
    entry: {
      ...entry,
      cancelledFor: entry.cancelledFor ?? (own === undefined ? undefined : recorded.get(keyOf(own))),
      cancelledExtras: [...new Set([...(entry.cancelledExtras ?? []), ...extras])],
    },
  };
}

/** Returns the observation with the reason why the job that counts was cancelled, if that was an extra job and not the tracked one. */
export function withCancelledExtra(job: Job, observation: Observation): Observation {
  const { entry, task } = observation;
  if (job.id === entry.jobId || entry.cancelledExtras?.includes(job.id) !== true) return observation;
  const cancelledFor = parseCancellations(task?.slurmCancelled ?? '').get(keyOf(job)) ?? ANOTHER_JOB;
  return { ...observation, entry: { ...entry, cancelledFor } };
}

function keyOf({ id, name }: Pick<Job, 'id' | 'name'>): string {
  return `${id} ${attemptOf(name)}`;
}
