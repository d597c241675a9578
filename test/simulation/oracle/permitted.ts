// Permitted deviations: how long events may take or stay unknown with the faults of a plan.
import type { RoundPlan } from '../schedule.ts';
import type { FaultKind } from '../fault-injectors.ts';

/** With these faults a task may be silent, or its end may be unknown to the daemons, for two hours. */
const SILENCING: readonly FaultKind[] = [
  'server is away',
  'hours pass',
  'tokens expire',
  'disk is full for long',
  'controller is away for long',
  'squeue complains',
  'daemon is told to stop',
  'daemon dies before its call',
  'daemon dies after its call',
  'daemon dies, journal lost',
  'daemon dies, its calls arrive',
  'daemon dies, journal torn',
  'daemon dies, journal is an old one',
];

/** With these faults a task may be an orphan for a while. */
const FORGETTING = /journal|user|agent|disk|lost|in flight|gate|requeue|away|expire|crash/;

/** Whether tasks may be silent until the server's watchdog stops them. */
export function mayBeSilent({ isLazy, diesForGood, kinds }: RoundPlan): boolean {
  return isLazy || diesForGood || SILENCING.some((kind) => kinds.includes(kind));
}

export function losesJournals({ kinds }: RoundPlan): boolean {
  return kinds.some((kind) => kind.includes('journal'));
}

/** Whether an orphan must be recovered at once. With slow calls a pending call may delay that. */
export function mustMoveOnAtOnce({ daemons, hasSlowCalls, kinds }: RoundPlan): boolean {
  return daemons === 1 && !hasSlowCalls && !kinds.some((kind) => FORGETTING.test(kind));
}

/** Every daemon must know a state that has lasted for this many milliseconds. */
export function plainToSeeMs({ hasSlowCalls }: RoundPlan): number {
  return hasSlowCalls ? 300_000 : 20_000;
}
