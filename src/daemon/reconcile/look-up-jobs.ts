// Looks up the jobs that squeue does not list: again only after a while if an agent runs the task, so that accounting is not searched in each pass.
import { elapsedMs } from '../../base/past-time.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { attemptOf, formatJobName } from '../../slurm/job-name.ts';
import type { JobList } from '../../slurm/scheduler.ts';
import type { Observation } from '../decide/observation.ts';
import { isSilent } from '../decide/who-runs-the-task.ts';
import type { DaemonDeps } from '../deps.ts';
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
  const named = absent.flatMap(({ entry }) =>
    entry.attempt === undefined ? [] : [{ name: formatJobName(entry.task, entry.attempt), owner: entry.unixUser }],
  );
  const owners = new Map(named.flatMap(({ name, owner }) => (owner === undefined ? [] : [[name, owner]])));
  const names = named.map(({ name }) => name);
  const since = absent.reduce(
    (first, { entry }) => Math.min(first, entry.firstAttemptAt ?? entry.stepAt),
    deps.clock.now(),
  );
  const found: JobList =
    names.length === 0 ? { kind: 'listed', jobs: [] } : await deps.scheduler.lookUp(names, since, signal, owners);
  if (found.kind === 'failed') {
    deps.log.warn('Could not look up jobs that are missing from squeue; retrying in the next pass', {
      slurm: found.message,
    });
    return undefined;
  }
  // Nothing is decided about their tasks, so an entry of one would block its queue.
  for (const user of found.unlisted ?? []) snapshot.unlisted.add(user);
  const known = absent.filter(({ entry }) => found.unlisted?.has(entry.unixUser?.name ?? '') !== true);
  const jobs = byTask(found.jobs);
  return new Map(
    known.map((one) => [one.entry.task, { ...one, jobs: jobs.get(one.entry.task) ?? [], lookedUp: true }]),
  );
}
