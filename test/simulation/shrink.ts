// A shorter way to the same bad end: kinds of trouble and tasks are left out as long as the round still ends badly.
import type { RoundPlan } from './plan.ts';
import { playRound, type RoundResult } from './round.ts';

/** A story that is still long is better than none for minutes. */
const LONGEST_MS = 20_000;

interface Played {
  readonly plan: RoundPlan;
  readonly result: RoundResult;
}

export async function shrink(plan: RoundPlan, result: RoundResult): Promise<Played> {
  const endAt = performance.now() + LONGEST_MS;
  let best: Played = { plan, result };

  async function attempt(changes: Partial<RoundPlan>): Promise<boolean> {
    if (performance.now() > endAt) return false;
    const shorter = { ...best.plan, ...changes };
    const played = await playRound(shorter);
    if (played.verdict?.kind !== result.verdict?.kind) return false;
    best = { plan: shorter, result: played };
    return true;
  }

  for (let tasks = Math.floor(plan.tasks / 2); tasks >= 1; tasks = Math.floor(tasks / 2)) {
    await attempt({ tasks });
  }
  if (plan.daemons === 2) await attempt({ daemons: 1 });
  for (const kind of plan.kinds) await attempt({ kinds: best.plan.kinds.filter((one) => one !== kind) });
  return best;
}
