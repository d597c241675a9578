// The carrier: how each call of a daemon goes in the weather of the moment, and how long it takes.
import type { Turn } from './pending-calls.ts';
import type { World } from './world.ts';
import { diceOf, type RoundPlan } from './plan.ts';
import { TROUBLES, type Trouble } from './slurm-commands.ts';
import type { Weather } from './outages.ts';

export interface Carrier {
  /** Whether this call may go on now: now and then one takes its time, while everybody else moves. */
  isReady(turn: Turn, isCalm: boolean): boolean;
  take(turn: Turn): void;
  /** How many were taken. */
  calls(): number;
  /** What is wrong with a program of Slurm that does not work now. */
  troubleOf(program: string): Trouble;
  /** When the controller is away the next time, its programs fail in another way. */
  chooseTrouble(): void;
}

export function createCarrier(world: World, weather: Weather, plan: RoundPlan): Carrier {
  const dice = diceOf(plan.seed, plan.round, 2);
  const stalled = new WeakMap<Turn, number>();
  let spellTrouble: Trouble = 'refused';
  let calls = 0;

  function anyTrouble(): Trouble {
    return TROUBLES[dice.whole(0, TROUBLES.length - 1)] ?? 'hangs';
  }

  function wayOf({ kind, endpoint }: Turn): 'not made' | 'answer lost' | undefined {
    if (kind === 'clearml' && weather.isOn('server away')) return dice.next() < 0.9 ? 'not made' : 'answer lost';
    if ((kind === 'slurm' || kind === 'sbatch') && weather.isOn('controller away')) return 'not made';
    if (endpoint === 'squeue' && weather.isOn('squeue complains')) return 'not made';
    return kind === 'journal' && weather.isOn('disk full') ? 'not made' : undefined;
  }

  return {
    isReady(turn, isCalm) {
      const until = stalled.get(turn);
      if (until !== undefined) return until <= world.now() || isCalm;
      const isSlow = plan.hasSlowCalls && !isCalm && dice.next() < 0.01;
      stalled.set(turn, isSlow ? world.now() + Math.round(1_000 * 10 ** (dice.next() * 2)) : 0);
      return !isSlow;
    },
    take(turn) {
      calls += 1;
      const way = wayOf(turn);
      if (way === undefined) {
        world.take(turn);
        return;
      }
      const daemon = world.daemons.find(({ running }) => running?.life === turn.owner);
      world.tell(`daemon ${daemon?.number ?? '?'}`, `${turn.label} (${way})`);
      turn.take(way);
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
