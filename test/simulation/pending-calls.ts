// The calls of the daemons to the outside: each waits for its turn, and on its way there or back it may be lost.

/** How a call goes: as it should, lost before it was carried out, or carried out with its answer lost. */
export type Way = 'answered' | 'not made' | 'answer lost';

export type CallKind = 'clearml' | 'sbatch' | 'slurm' | 'journal' | 'host' | 'server';

export interface Turn {
  /** The daemon that waits for it. */
  readonly owner: number;
  readonly kind: CallKind;
  /** For people, e.g. `tasks.failed of task 1`. */
  readonly label: string;
  /** The endpoint, where the call is one to ClearML, and the task that it is about. */
  readonly endpoint: string;
  readonly task: string | undefined;
  take(way: Way): void;
}

export interface Asked<Answer> extends Omit<Turn, 'take' | 'task'> {
  readonly task?: string | undefined;
  /** What the call does. */
  readonly effect: () => Answer | Promise<Answer>;
  /** What the caller is told when the call or its answer was lost. May throw. */
  readonly lost: (hasHappened: boolean) => Answer;
}

export interface Turns {
  readonly pending: ReadonlySet<Turn>;
  ask<Answer>(asked: Asked<Answer>): Promise<Answer>;
  /** Nobody waits for these any more: the daemon is dead. */
  drop(owner: number): void;
}

export function createTurns(): Turns {
  const pending = new Set<Turn>();
  const dead = new Set<number>();

  return {
    pending,
    ask({ effect, lost, ...facts }) {
      return new Promise((resolve, reject) => {
        const go = async (way: Way): Promise<void> => {
          try {
            const answer = way === 'not made' ? lost(false) : await effect();
            resolve(way === 'answer lost' ? lost(true) : answer);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        const turn: Turn = {
          task: undefined,
          ...facts,
          take(way) {
            pending.delete(turn);
            void go(way);
          },
        };
        if (!dead.has(turn.owner)) pending.add(turn);
      });
    },
    drop(owner) {
      dead.add(owner);
      for (const turn of pending) if (turn.owner === owner) pending.delete(turn);
    },
  };
}
