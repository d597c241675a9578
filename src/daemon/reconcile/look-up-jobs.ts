// Looks up the jobs that squeue does not list: again only after a while if an agent runs the task, so that accounting is not searched in each pass.
import { elapsedMs } from '../../base/past-time.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { attemptOf, formatJobName } from '../../slurm/job-name.ts';
import type { JobList } from '../../slurm/scheduler.ts';
import type { Observation } from '../decide/observation.ts';
import { isSilent } from '../decide/who-runs-the-task.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { byTask, type Snapshot } from '../poll/poll.ts';

export interface LookUps {
  isDue(observation: Observation): boolean;
  /**
   * The observations with what was found. Without accounting, the list is enough for the tasks whose job is in it, which must not wait with
   * the others. Empty if that failed.
   */
  lookUp(
    snapshot: Snapshot,
    absent: readonly Observation[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<TaskId, Observation>>;
}

const AGAIN_MS = 300_000;

export function createLookUps(deps: DaemonDeps): LookUps {
  /** Only of tasks that nothing but the silence of their agent ends. */
  let times: ReadonlyMap<TaskId, number> = new Map();

  function note(observations: readonly Observation[]): void {
    const alive = observations.filter(isAgentAlive);
    const [first] = alive;
    if (first === undefined) return;
    const recent = [...times].filter(([, at]) => elapsedMs(at, first.now) < AGAIN_MS);
    times = new Map([...recent, ...alive.map((one) => [one.entry.task, one.now] as const)]);
  }

  return {
    isDue: (observation) =>
      !isAgentAlive(observation) || elapsedMs(times.get(observation.entry.task), observation.now) >= AGAIN_MS,
    async lookUp(snapshot, absent, signal) {
      const isListed = ({ jobs, entry }: Observation): boolean =>
        jobs.some(({ name }) => attemptOf(name) === entry.attempt);
      const all = await lookUpTogether(deps, snapshot, absent, signal);
      const isListEnough = all === undefined && !absent.every(isListed);
      const found = isListEnough ? await lookUpTogether(deps, snapshot, absent.filter(isListed), signal) : all;
      if (found === undefined) return new Map();
      note([...found.values()]);
      return found;
    },
  };
}

function isAgentAlive(observation: Observation): boolean {
  const { entry, task, now, gracePeriods } = observation;
  const isAbsentLong = elapsedMs(entry.absentSince, now) >= gracePeriods.absentMs;
  return isAbsentLong && task?.status === 'in_progress' && !isSilent(task, observation);
}

/** In one query. Undefined if it failed. */
async function lookUpTogether(
  deps: DaemonDeps,
  snapshot: Snapshot,
  absent: readonly Observation[],
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskId, Observation> | undefined> {
  const entries = absent.map(({ entry }) => entry);
  const found = await lookUpAttempts(deps, snapshot, entries, signal);
  if (found.kind === 'failed') {
    deps.log.warn('Could not look up jobs that are missing from squeue; retrying in the next pass', {
      slurm: found.message,
    });
    return undefined;
  }
  const jobs = byTask(found.jobs);
  const known = absent.filter(({ entry }) => !snapshot.unlisted.has(entry.unixUser?.name ?? ''));
  return new Map(
    known.map((one) => [one.entry.task, { ...one, jobs: jobs.get(one.entry.task) ?? [], lookedUp: true }]),
  );
}

/** Looks up the newest attempts of these tasks by job name, ended jobs included. Adds to the users of the snapshot whose jobs are unlisted. */
export async function lookUpAttempts(
  { scheduler, clock }: Pick<DaemonDeps, 'scheduler' | 'clock'>,
  { unlisted }: Pick<Snapshot, 'unlisted'>,
  entries: readonly Entry[],
  signal?: AbortSignal,
): Promise<JobList> {
  const submitted = entries.filter(({ attempt }) => attempt !== undefined);
  if (submitted.length === 0) return { kind: 'listed', jobs: [] };
  const nameOf = ({ task, attempt = '' }: Entry): string => formatJobName(task, attempt);
  const owners = submitted.flatMap((entry) =>
    entry.unixUser === undefined ? [] : [[nameOf(entry), entry.unixUser] as const],
  );
  const since = submitted.reduce((first, one) => Math.min(first, one.firstAttemptAt ?? one.stepAt), clock.now());
  const found = await scheduler.lookUp(submitted.map(nameOf), since, signal, new Map(owners));
  // Nothing is decided about their tasks, so an entry of one would block its queue, and their next submissions could not be looked up.
  if (found.kind === 'listed') for (const user of found.unlisted ?? []) unlisted.add(user);
  return found;
}
