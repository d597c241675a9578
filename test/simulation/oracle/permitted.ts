// Permitted deviations: how long something may take, or stay unknown, with the faults of a plan.
import type { RoundPlan } from '../schedule.ts';
import type { FaultKind } from '../faults.ts';

/** With these faults the server may hear nothing of a task, or a daemon nothing of its end, for two hours. */
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

/** With these faults a task may be in no queue for a while, and then be found. */
const FORGETTING = /journal|user|agent|disk|lost|in flight|gate|requeue|away|expire|crash/;

/** Whether tasks may be silent for so long that the server's own watchdog stops them. */
export function mayBeSilent({ isLazy, diesForGood, kinds }: RoundPlan): boolean {
  return isLazy || diesForGood || SILENCING.some((kind) => kinds.includes(kind));
}

export function losesJournals({ kinds }: RoundPlan): boolean {
  return kinds.some((kind) => kind.includes('journal'));
}

/** Whether a task in no queue must be recovered at once: one that a pending call holds may take longer to be found. */
export function mustMoveOnAtOnce({ daemons, hasSlowCalls, kinds }: RoundPlan): boolean {
  return daemons === 1 && !hasSlowCalls && !kinds.some((kind) => FORGETTING.test(kind));
}

/** What was so for so many milliseconds was visible to every daemon. */
export function plainToSeeMs({ hasSlowCalls }: RoundPlan): number {
  return hasSlowCalls ? 300_000 : 20_000;
}
