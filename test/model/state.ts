// A state of the search: the world and every daemon's moment, made comparable by giving the server's stamps their ranks.
import type { Life, Lives } from './lives.ts';
import type { Stamp, World } from './world.ts';

export interface State {
  readonly world: World;
  readonly lives: readonly Life[];
}

export interface Keys {
  /** The same for the same state. */
  keyOf(state: State): string;
}

/** Short keys: each part that occurs gets a number. */
export function createKeys(): Keys {
  const numbers = new Map<string, number>();
  function numberOf(part: unknown): number {
    const text = JSON.stringify([part]);
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  }

  return {
    keyOf({ world, lives }) {
      const { task, jobs, ...rest } = world;
      return [numberOf(task), numberOf(jobs), numberOf(rest), ...lives.map(({ number }) => number)].join();
    },
  };
}

/** Later than everything that anybody remembers. */
export function nextStamp({ world, lives }: State): Stamp {
  let last = Math.max(world.task?.changed ?? 0, world.entries.own);
  for (const { stamps } of lives) for (const stamp of stamps) last = Math.max(last, stamp);
  return last + 1;
}

/** Nobody compares the moments of the other two queues with anything. */
function plain(world: World): World {
  const { own, scheduler, other } = world.entries;
  if (scheduler <= 1 && other <= 1) return world;
  return { ...world, entries: { own, scheduler: Math.min(scheduler, 1), other: Math.min(other, 1) } };
}

export async function canonical(state: State, all: Lives): Promise<State> {
  const world = plain(state.world);
  const used = new Set([world.task?.changed ?? 0, world.entries.own, ...state.lives.flatMap(({ stamps }) => stamps)]);
  used.delete(0);
  const ranks = new Map([...used].sort((one, other) => one - other).map((stamp, index) => [stamp, index + 1]));
  if ([...ranks].every(([stamp, rank]) => stamp === rank)) return { world, lives: state.lives };

  const rankOf = (stamp: Stamp): Stamp => ranks.get(stamp) ?? 0;
  const lives: Life[] = [];
  for (const life of state.lives) lives.push(await all.renamed(life, ranks));
  return {
    world: {
      ...world,
      task: world.task && { ...world.task, changed: rankOf(world.task.changed) },
      entries: { ...world.entries, own: rankOf(world.entries.own) },
    },
    lives,
  };
}
