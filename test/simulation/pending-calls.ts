// The daemons' calls to the outside: each is pending until a move finishes it, and may be lost on the way there or back.

/** The outcome of a call: answered, lost before it was carried out, or carried out with its response lost. */
export type CallOutcome = 'answered' | 'not made' | 'answer lost';

export type CallKind = 'clearml' | 'sbatch' | 'slurm' | 'journal' | 'host' | 'server';

export interface PendingCall {
  /** The daemon that waits for it. */
  readonly owner: number;
  readonly kind: CallKind;
  /** For traces, e.g. `tasks.failed of task 1`. */
  readonly label: string;
  /** The endpoint of a call to ClearML, or the program, and the task that it is about. */
  readonly endpoint: string;
  readonly task: string | undefined;
  finish(way: CallOutcome): void;
}

export interface CallRequest<Answer> extends Omit<PendingCall, 'finish' | 'task'> {
  readonly task?: string | undefined;
  /** What the call does. */
  readonly effect: () => Answer | Promise<Answer>;
  /** The result for the caller if the call or its response was lost. May throw. */
  readonly lost: (hasHappened: boolean) => Answer;
}

export interface PendingCalls {
  readonly pending: ReadonlySet<PendingCall>;
  request<Answer>(asked: CallRequest<Answer>): Promise<Answer>;
  /** No daemon waits for these any more: it is dead. */
  drop(owner: number): void;
}

export function createPendingCalls(): PendingCalls {
  const pending = new Set<PendingCall>();
  const dead = new Set<number>();

  return {
    pending,
    request({ effect, lost, ...facts }) {
      return new Promise((resolve, reject) => {
        const go = async (way: CallOutcome): Promise<void> => {
          try {
            const answer = way === 'not made' ? lost(false) : await effect();
            resolve(way === 'answer lost' ? lost(true) : answer);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        const call: PendingCall = {
          task: undefined,
          ...facts,
          finish(way) {
            pending.delete(call);
            void go(way);
          },
        };
        if (!dead.has(call.owner)) pending.add(call);
      });
    },
    drop(owner) {
      dead.add(owner);
      for (const call of pending) if (call.owner === owner) pending.delete(call);
    },
  };
}
