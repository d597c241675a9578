// What every lever has in its hands: the bed, the tasks of the round, whose turn it is, and the book of what was done.
import type { TestBed } from './test-bed.ts';
import type { InjectedFault } from './history.ts';
import type { FaultKind, ScheduledFault } from './schedule.ts';
import { createTurns, type InTurn } from './turns.ts';
import type { Watch } from './job-watch.ts';

export interface RoundContext {
  readonly bed: TestBed;
  readonly watch: Watch;
  /** The tasks of the round so far. */
  readonly tasks: readonly string[];
  readonly inTurn: Turns;
  /** Writes down what was done; the returned fault's end is filled in by `over`. */
  note: (fault: Omit<InjectedFault, 'at' | 'until'>) => { over(): void };
  /** One more process killed, link troubled or answer taken away. */
  countKill: (what: FaultKind) => void;
}

export type Injector = (context: RoundContext, planned: ScheduledFault) => Promise<void>;

/** One for each thing that can only be in one trouble at a time. */
export interface Turns {
  readonly server: InTurn;
  readonly slurm: InTurn;
  readonly controllerLink: InTurn;
  readonly nodeLink: InTurn;
  readonly ssh: InTurn;
  readonly daemons: readonly InTurn[];
}

export function createRoundTurns(daemons: number): Turns {
  return {
    server: createTurns(),
    slurm: createTurns(),
    controllerLink: createTurns(),
    nodeLink: createTurns(),
    ssh: createTurns(),
    daemons: Array.from({ length: daemons }, createTurns),
  };
}

/** @param pick 0 to 1 */
export function choose<Item>(items: readonly Item[], pick: number): Item {
  const item = items[Math.min(items.length - 1, Math.floor(pick * items.length))];
  if (item === undefined) throw new RangeError('there is nothing to choose from');
  return item;
}
