// A possible next move in a world.
import type { World } from './world.ts';

/** Without faults and acts of users a good end must be reachable: `work` is what goes on by itself. */
export type MoveKind = 'work' | 'fault' | 'user';

export interface WorldMove {
  readonly label: string;
  readonly kind: MoveKind;
  readonly world: World;
}
