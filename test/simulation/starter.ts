// The starter: a killed daemon comes back at once, after a while, or never.
import type { SimDaemon, World } from './world.ts';
import type { Random } from '../support/random.ts';
import type { Limbo } from './oracle/limbo.ts';
import type { RoundPlan } from './plan.ts';

export interface Restarts {
  /** Starts one that is due, or decides when it is. False when there is nothing to do. */
  start(isCalm: boolean): boolean;
  /** When one was started last; 0 is never. */
  lastStartAt(): number;
  /** When those are due that are dead. */
  dueAt(): readonly number[];
}

export function createRestarts(world: World, limbo: Limbo, dice: Random, { diesForGood }: RoundPlan): Restarts {
  const backAt = new Map<SimDaemon, number>();
  let lastStartAt = 0;

  return {
    start(isCalm) {
      for (const daemon of world.daemons) {
        if (daemon.running !== undefined) continue;
        const isGone = diesForGood && daemon.number === 2 && backAt.size > 0;
        if (isGone) continue;
        const at = backAt.get(daemon);
        if (at === undefined) {
          const isAtOnce = world.now() === world.clock.now() && (lastStartAt === 0 || dice.next() < 0.6);
          backAt.set(daemon, isAtOnce ? 0 : world.now() + Math.round(1_000 * 10 ** (dice.next() * 4)));
          return true;
        }
        if (at > world.now() && !isCalm) continue;
        backAt.delete(daemon);
        lastStartAt = Math.max(lastStartAt, world.now());
        world.start(daemon);
        limbo.disturb();
        return true;
      }
      return false;
    },
    lastStartAt: () => lastStartAt,
    dueAt: () => [...backAt.values()],
  };
}
