// A possible next move in a world.
import type { World } from './world.ts';

/** A good end must be reachable by `work` alone, without faults and user actions. */
export type MoveKind = 'work' | 'fault' | 'user';

export interface WorldMove {
  readonly label: string;
  readonly kind: MoveKind;
  readonly world: World;
}
