// Decides when a killed daemon restarts: at once, after a while, or never.
import type { Random } from '../support/random.ts';
import type { RoundPlan } from './schedule.ts';
import type { SimDaemon, World } from './world.ts';

export interface Restarts {
  /** Starts a daemon that is due, or draws when it is due. Returns false if there is nothing to do. */
  start(isFaultFree: boolean): boolean;
  /** When a daemon last started; 0 if never. */
  lastStartAt(): number;
  /** When the stopped daemons are due. */
  dueAt(): readonly number[];
}

export function createRestarts(
  world: World,
  dice: Random,
  { diesForGood, isScenario = false }: RoundPlan,
  onStart: () => void,
): Restarts {
  const dueAt = new Map<SimDaemon, number>();
  let lastStartAt = 0;

  function drawDueAt(): number {
    if (lastStartAt === 0 || dice.next() < 0.6) return 0;
    return world.now() + Math.round(1_000 * 10 ** (dice.next() * 4));
  }

  return {
    start(isFaultFree) {
      for (const daemon of world.daemons) {
        if (daemon.running !== undefined) continue;
        const isGone = diesForGood && daemon.number === 2 && dueAt.size > 0;
        if (isGone) continue;
        const at = isScenario ? 0 : dueAt.get(daemon);
        if (at === undefined) {
          dueAt.set(daemon, drawDueAt());
          return true;
        }
        if (at > world.now() && !isFaultFree) continue;
        dueAt.delete(daemon);
        lastStartAt = Math.max(lastStartAt, world.now());
        world.start(daemon);
        onStart();
        return true;
      }
      return false;
    },
    lastStartAt: () => lastStartAt,
    dueAt: () => [...dueAt.values()],
  };
}
