// How each call of a daemon ends during an outage, and how long it takes.
import { CONTROLLER_FAILURES, type ControllerFailure } from './slurm-commands.ts';
import type { Outages } from './outages.ts';
import type { CallOutcome, PendingCall } from './pending-calls.ts';
import { diceOf, type RoundPlan } from './schedule.ts';
import type { World } from './world.ts';

export interface Network {
  /** Whether this call may finish now: some take their time, while everything else moves. */
  isReady(call: PendingCall, isFaultFree: boolean): boolean;
  finish(call: PendingCall): void;
  /** How many calls were finished. */
  calls(): number;
  /** How a program of Slurm fails that fails now. */
  failureOf(program: string): ControllerFailure;
  /** The next time that the controller is away, its programs fail in another way. */
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
