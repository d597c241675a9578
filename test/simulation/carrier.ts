// The carrier: how each call of a daemon goes in the weather of the moment, and how long it takes.
import type { PendingCall } from './pending-calls.ts';
import type { World } from './world.ts';
import { diceOf, type RoundPlan } from './plan.ts';
import { CONTROLLER_FAILURES, type ControllerFailure } from './slurm-commands.ts';
import type { Outages } from './outages.ts';

export interface Network {
  /** Whether this call may go on now: now and then one takes its time, while everybody else moves. */
  isReady(call: PendingCall, isCalm: boolean): boolean;
  take(call: PendingCall): void;
  /** How many were taken. */
  calls(): number;
  /** What is wrong with a program of Slurm that does not work now. */
  troubleOf(program: string): ControllerFailure;
  /** When the controller is away the next time, its programs fail in another way. */
  chooseTrouble(): void;
}

export function createNetwork(world: World, weather: Outages, plan: RoundPlan): Network {
  const dice = diceOf(plan.seed, plan.round, 2);
  const stalled = new WeakMap<PendingCall, number>();
  let spellTrouble: ControllerFailure = 'refused';
  let calls = 0;

  function anyTrouble(): ControllerFailure {
    return CONTROLLER_FAILURES[dice.whole(0, CONTROLLER_FAILURES.length - 1)] ?? 'hangs';
  }

  function wayOf({ kind, endpoint }: PendingCall): 'not made' | 'answer lost' | undefined {
    if (kind === 'clearml' && weather.isOn('server away')) return dice.next() < 0.9 ? 'not made' : 'answer lost';
    if ((kind === 'slurm' || kind === 'sbatch') && weather.isOn('controller away')) return 'not made';
    if (endpoint === 'squeue' && weather.isOn('squeue complains')) return 'not made';
    return kind === 'journal' && weather.isOn('disk full') ? 'not made' : undefined;
  }

  return {
    isReady(call, isCalm) {
      const until = stalled.get(call);
      if (until !== undefined) return until <= world.now() || isCalm;
      const isSlow = plan.hasSlowCalls && !isCalm && dice.next() < 0.01;
      stalled.set(call, isSlow ? world.now() + Math.round(1_000 * 10 ** (dice.next() * 2)) : 0);
      return !isSlow;
    },
    take(call) {
      calls += 1;
      const way = wayOf(call);
      if (way === undefined) {
        world.finish(call);
        return;
      }
      const daemon = world.daemons.find(({ running }) => running?.life === call.owner);
      world.note(`daemon ${daemon?.number ?? '?'}`, `${call.label} (${way})`);
      call.finish(way);
    },
    calls: () => calls,
    troubleOf(program) {
      if (weather.isOn('controller away')) return spellTrouble;
      return program === 'squeue' && weather.isOn('squeue complains') ? 'says so with exit code 0' : anyTrouble();
    },
    chooseTrouble() {
      if (!weather.isOn('controller away')) spellTrouble = anyTrouble();
    },
  };
}
