// Decides the outcome and the duration of each call of a daemon.
import { CONTROLLER_FAILURES, type ControllerFailure } from './slurm-commands.ts';
import type { Outages } from './outages.ts';
import type { CallOutcome, PendingCall } from './pending-calls.ts';
import { diceOf, type RoundPlan } from './schedule.ts';
import type { World } from './world.ts';

export interface Network {
  /** Whether this call may finish now; slow calls take seconds or minutes. */
  isReady(call: PendingCall, isFaultFree: boolean): boolean;
  finish(call: PendingCall): void;
  /** The number of finished calls. */
  calls(): number;
  /** How a Slurm command fails while the controller is away. */
  failureOf(program: string): ControllerFailure;
  /** Draws another kind of failure for the next outage of the controller. */
  chooseFailure(): void;
}

export function createNetwork(world: World, outages: Outages, plan: RoundPlan): Network {
  const dice = diceOf(plan, 2);
  const stalledUntil = new WeakMap<PendingCall, number>();
  let failure: ControllerFailure = 'refused';
  let calls = 0;

  function anyFailure(): ControllerFailure {
    return CONTROLLER_FAILURES[dice.whole(0, CONTROLLER_FAILURES.length - 1)] ?? 'hangs';
  }

  function outcomeOf({ kind, endpoint }: PendingCall): CallOutcome {
    if (kind === 'clearml' && outages.isOn('server away')) return dice.next() < 0.9 ? 'not made' : 'answer lost';
    if ((kind === 'slurm' || kind === 'sbatch') && outages.isOn('controller away')) return 'not made';
    if (endpoint === 'squeue' && outages.isOn('squeue complains')) return 'not made';
    return kind === 'journal' && outages.isOn('disk full') ? 'not made' : 'answered';
  }

  return {
    isReady(call, isFaultFree) {
      const until = stalledUntil.get(call);
      if (until !== undefined) return until <= world.now() || isFaultFree;
      const isSlow = plan.hasSlowCalls && !isFaultFree && dice.next() < 0.01;
      stalledUntil.set(call, isSlow ? world.now() + Math.round(1_000 * 10 ** (dice.next() * 2)) : 0);
      return !isSlow;
    },
    finish(call) {
      calls += 1;
      const outcome = outcomeOf(call);
      if (outcome === 'answered') {
        world.finish(call);
        return;
      }
      const daemon = world.daemons.find(({ running }) => running?.incarnation === call.owner);
      world.note(`daemon ${daemon?.number ?? '?'}`, `${call.label} (${outcome})`);
      call.finish(outcome);
    },
    calls: () => calls,
    failureOf(program) {
      if (outages.isOn('controller away')) return failure;
      return program === 'squeue' && outages.isOn('squeue complains') ? 'says so with exit code 0' : anyFailure();
    },
    chooseFailure() {
      if (!outages.isOn('controller away')) failure = anyFailure();
    },
  };
}
