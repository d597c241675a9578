// When a task is looked up again that an agent runs although Slurm has forgotten its job: accounting must not search for it in each pass.
import { elapsedMs } from '../../base/past-time.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Observation } from '../decide/observation.ts';
import { isSilent } from '../decide/who-runs-the-task.ts';

export interface LookUpTimes {
  isDue(observation: Observation): boolean;
  /** Notes that the jobs of these tasks were looked up. */
  lookedUp(observations: readonly Observation[]): void;
}

const AGAIN_MS = 300_000;

export function createLookUpTimes(): LookUpTimes {
  /** Only of tasks that nothing but the silence of their agent ends. */
  let times: ReadonlyMap<TaskId, number> = new Map();
  const isAgentAlive = (observation: Observation): boolean => {
    const { entry, task, now, gracePeriods } = observation;
    const isAbsentLong = elapsedMs(entry.absentSince, now) >= gracePeriods.absentMs;
    return isAbsentLong && task?.status === 'in_progress' && !isSilent(task, observation);
  };
  return {
    isDue: (observation) =>
      !isAgentAlive(observation) || elapsedMs(times.get(observation.entry.task), observation.now) >= AGAIN_MS,
    lookedUp(observations) {
      const alive = observations.filter(isAgentAlive);
      const [first] = alive;
      if (first === undefined) return;
      const recent = [...times].filter(([, at]) => elapsedMs(at, first.now) < AGAIN_MS);
      times = new Map([...recent, ...alive.map((one) => [one.entry.task, one.now] as const)]);
    },
  };
}
