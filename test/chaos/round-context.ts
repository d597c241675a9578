// The context of the fault injectors: the test bed, the tasks, locks, and the record of faults.
import type { TestBed } from './test-bed.ts';
import type { InjectedFault } from './observed-history.ts';
import type { FaultKind, ScheduledFault } from './schedule.ts';
import type { Watch } from './job-watch.ts';

/** Serializes work on one resource. */
export type Lock = <Result>(work: () => Promise<Result>) => Promise<Result>;

export interface RoundContext {
  readonly bed: TestBed;
  readonly watch: Watch;
  /** The tasks of the round so far. */
  readonly tasks: readonly string[];
  readonly locks: Locks;
  /** Records a fault; `over` records its end. */
  note: (fault: Omit<InjectedFault, 'at' | 'until'>) => { over(): void };
  /** Counts a killed process, a broken link or a lost response. */
  countKill: (what: FaultKind) => void;
}

export type Injector = (context: RoundContext, planned: ScheduledFault) => Promise<void>;

/** Locks for the resources that can have only one fault at a time. */
export interface Locks {
  readonly server: Lock;
  readonly slurm: Lock;
  readonly controllerLink: Lock;
  readonly nodeLink: Lock;
  readonly ssh: Lock;
  readonly daemons: readonly Lock[];
}

export function createLocks(daemons: number): Locks {
  return {
    server: createLock(),
    slurm: createLock(),
    controllerLink: createLock(),
    nodeLink: createLock(),
    ssh: createLock(),
    daemons: Array.from({ length: daemons }, createLock),
  };
}

/** @param pick a number from 0 to 1 */
export function choose<Item>(items: readonly Item[], pick: number): Item {
  const item = items[Math.min(items.length - 1, Math.floor(pick * items.length))];
  if (item === undefined) throw new RangeError('there is nothing to choose from');
  return item;
}

function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine;
    return mine;
  };
}
