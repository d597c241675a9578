// What a running daemon did, as events for metrics and plots: outcomes and causes are from fixed lists.
import { JOB_STATES } from '../../slurm/job-state.ts';
import type { SubmitOutcome } from '../../slurm/scheduler.ts';

/** How a task ended. `removed`: its user dequeued, reset, moved or deleted it. */
export const END_OUTCOMES = ['completed', 'failed', 'stopped', 'removed'] as const;
export type EndOutcome = (typeof END_OUTCOMES)[number];

export type Service = 'clearml' | 'slurm';

export type DaemonEvent =
  | { readonly kind: 'claimed'; readonly queue: string }
  | { readonly kind: 'submitted'; readonly queue: string; readonly outcome: SubmitOutcome['kind'] }
  | { readonly kind: 'returned'; readonly queue: string }
  /** `waitMs`: from the enqueue to the start of the job; undefined if the daemon did not see the task enqueued. */
  | { readonly kind: 'started'; readonly queue: string; readonly waitMs: number | undefined }
  | {
      readonly kind: 'ended';
      readonly queue: string;
      readonly outcome: EndOutcome;
      readonly cause: string;
      readonly runMs: number | undefined;
    }
  /** `ms`: 0 if it failed. */
  | { readonly kind: 'pass'; readonly outcome: 'ok' | 'failed'; readonly ms: number }
  | {
      readonly kind: 'call';
      readonly service: Service;
      readonly command: string;
      /** `refused`: the server responded that another change was first. */
      readonly outcome: 'ok' | 'refused' | 'failed';
      readonly ms: number;
    };

/** The reasons that the daemon gives a task that it ends itself; those of ended.ts that name Slurm's state are below. */
const OWN_REASONS = [
  'aborted',
  'cancelled',
  'cancelled in Slurm',
  'job lost',
  'never starts',
  'queue deleted',
  'rejected by Slurm',
  'requeued by Slurm',
  'template',
  'too many attempts',
];

const CAUSES: ReadonlyMap<string, string> = new Map([
  ...OWN_REASONS.map((reason) => [reason, reason.replaceAll(' ', '_')] as const),
  ...Object.keys(JOB_STATES).map((state) => [`Slurm ${state}`, state.toLowerCase()] as const),
]);

/** The label for the reason of an end that the daemon set; `other` for an unknown one, so that labels stay few. */
export function causeOf(reason: string): string {
  return CAUSES.get(reason) ?? 'other';
}
