// The daemons' pending calls: a move finishes each of them, and the request or the response may be lost.

/** The outcome of a call: answered, not executed, or executed with a lost response. */
export type CallOutcome = 'answered' | 'not made' | 'answer lost';

export type CallKind = 'clearml' | 'sbatch' | 'slurm' | 'journal' | 'host' | 'server';

export interface PendingCall {
  /** The incarnation of the daemon that made the call. */
  readonly owner: number;
  readonly kind: CallKind;
  /** For traces, e.g. `tasks.failed of task 1`. */
  readonly label: string;
  /** The ClearML endpoint or the program. */
  readonly endpoint: string;
  readonly task: string | undefined;
  finish(way: CallOutcome): void;
}

export interface CallRequest<Answer> extends Omit<PendingCall, 'finish' | 'task'> {
  readonly task?: string | undefined;
  /** Executes the call. */
  readonly effect: () => Answer | Promise<Answer>;
  /** The result for the caller if the call or its response was lost. May throw. */
  readonly lost: (hasHappened: boolean) => Answer;
}

export interface PendingCalls {
  readonly pending: ReadonlySet<PendingCall>;
  request<Answer>(asked: CallRequest<Answer>): Promise<Answer>;
  /** Discards the calls of a dead daemon. */
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
