// When a task is looked up again that an agent runs although Slurm has forgotten its job: accounting must not search for it in each pass.
import { elapsedMs } from '../../base/past-time.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Observation } from '../decide/observation.ts';

export interface LookUpTimes {
  isDue(observation: Observation): boolean;
  /** Notes that the jobs of these tasks were looked up. */
  lookedUp(observations: readonly Observation[]): void;
}

/** The end of the agent shows after its silence, which must last longer. */
const AGAIN_MS = 300_000;

export function createLookUpTimes(): LookUpTimes {
  /** Only look-ups that could decide about the task. */
  let times: ReadonlyMap<TaskId, number> = new Map();
  const isDecisive = ({ entry, task, now, gracePeriods }: Observation): boolean =>
    task?.status === 'in_progress' && elapsedMs(entry.absentSince, now) >= gracePeriods.absentMs;
  return {
    isDue: (observation) =>
      !isDecisive(observation) || elapsedMs(times.get(observation.entry.task), observation.now) >= AGAIN_MS,
    lookedUp(observations) {
      const decisive = observations.filter(isDecisive);
      const [first] = decisive;
      if (first === undefined) return;
      const recent = [...times].filter(([, at]) => elapsedMs(at, first.now) < AGAIN_MS);
      times = new Map([...recent, ...decisive.map((one) => [one.entry.task, one.now] as const)]);
    },
  };
}
