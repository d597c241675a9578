// What a running daemon did, as events for metrics and plots: outcomes and causes are from fixed lists.
import type { EndedAttempt } from '../../history/ended-attempt.ts';
import type { SubmitOutcome } from '../../slurm/scheduler.ts';

export type Service = 'clearml' | 'slurm';

export type DaemonEvent =
  | { readonly kind: 'claimed'; readonly queue: string }
  | { readonly kind: 'submitted'; readonly queue: string; readonly outcome: SubmitOutcome['kind'] }
  | { readonly kind: 'returned'; readonly queue: string }
  /** `waitMs`: from the enqueue to the start of the job; undefined if the daemon did not see the task enqueued. */
  | { readonly kind: 'started'; readonly queue: string; readonly waitMs: number | undefined }
  /** An attempt to run a task is over, as the history records it. */
  | { readonly kind: 'ended'; readonly queue: string; readonly attempt: EndedAttempt }
  /** `ms`: 0 if it failed. */
  | { readonly kind: 'pass'; readonly outcome: 'ok' | 'failed'; readonly ms: number }
  | {
      readonly kind: 'call';
      readonly service: Service;
      readonly command: string;
      /** `refused`: the server responded that the task or job had changed before. */
      readonly outcome: 'ok' | 'refused' | 'failed';
      readonly ms: number;
    };
