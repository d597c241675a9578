// A state of the search: the world and the state of each daemon, made comparable by ranking the server's stamps.
import type { Incarnation, Incarnations } from './incarnations.ts';
import type { Stamp, World } from './world.ts';

export interface State {
  readonly world: World;
  readonly incarnations: readonly Incarnation[];
}

export interface Keys {
  /** Equal for equal states. */
  keyOf(state: State): string;
}

/** Short keys: each part gets a number. */
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
    keyOf({ world, incarnations }) {
      const { task, jobs, ...rest } = world;
      return [numberOf(task), numberOf(jobs), numberOf(rest), ...incarnations.map(({ number }) => number)].join();
    },
  };
}

/** Later than all stamps in use. */
export function nextStamp({ world, incarnations }: State): Stamp {
  let last = Math.max(world.task?.changed ?? 0, world.entries.own);
  for (const { stamps } of incarnations) for (const stamp of stamps) last = Math.max(last, stamp);
  return last + 1;
}

/** No rule compares the times of the other two queues. */
function plain(world: World): World {
  const { own, scheduler, other } = world.entries;
  if (scheduler <= 1 && other <= 1) return world;
  return { ...world, entries: { own, scheduler: Math.min(scheduler, 1), other: Math.min(other, 1) } };
}

export async function canonical(state: State, all: Incarnations): Promise<State> {
  const world = plain(state.world);
  const used = new Set([
    world.task?.changed ?? 0,
    world.entries.own,
    ...state.incarnations.flatMap(({ stamps }) => stamps),
  ]);
  used.delete(0);
  const ranks = new Map([...used].sort((one, other) => one - other).map((stamp, index) => [stamp, index + 1]));
  if ([...ranks].every(([stamp, rank]) => stamp === rank)) return { world, incarnations: state.incarnations };

  const rankOf = (stamp: Stamp): Stamp => ranks.get(stamp) ?? 0;
  const incarnations: Incarnation[] = [];
  for (const incarnation of state.incarnations) incarnations.push(await all.renamed(incarnation, ranks));
  return {
    world: {
      ...world,
      task: world.task && { ...world.task, changed: rankOf(world.task.changed) },
      entries: { ...world.entries, own: rankOf(world.entries.own) },
    },
    incarnations,
  };
}
