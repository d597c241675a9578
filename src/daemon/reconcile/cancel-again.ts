// When a job is cancelled, and when again; and what is recorded of that. Pure.
import { elapsedMs } from '../../base/past-time.ts';
import type { Action } from '../decide/action.ts';
import type { Observation } from '../decide/observation.ts';
import type { Entry } from '../journal/entry.ts';

export type Cancel = Extract<Action, { readonly do: 'cancel' }>;

/** A cancelled job may take a while to end; it is cancelled again after this time, and then after ever longer times. */
const CANCEL_AGAIN_MS = 60_000;

/** Enough for a job that stays COMPLETING for days, as one whose node does not respond. */
const LONGEST_CANCEL_AGAIN_MS = 3_600_000;

/** This daemon never submits so many jobs of one task; extra jobs beyond that are not remembered. */
const MOST_EXTRAS = 100;

/** What is recorded of the cancellations of a task's jobs. */
export type CancelRecord = Pick<
  Entry,
  'jobId' | 'cancelledFor' | 'cancelledAt' | 'firstCancelledAt' | 'cancelledExtras' | 'cancelledExtrasAt'
>;

/** Whether to cancel now (milliseconds since 1970): the first time, after a while, or for another reason. */
export function isCancelDue(record: CancelRecord, cancel: Cancel, now: number): boolean {
  const isOwn = isOfOwn(record, cancel);
  const askedAt = isOwn ? record.cancelledAt : record.cancelledExtrasAt;
  if (elapsedMs(askedAt, now) >= (isOwn ? cancelAgainMs(record) : CANCEL_AGAIN_MS)) return true;
  if (isOwn) return record.cancelledFor !== cancel.why;
  return cancel.jobIds.some((id) => record.cancelledExtras?.includes(id) !== true);
}

/** Each time twice as long as before. */
function cancelAgainMs({ firstCancelledAt = Infinity, cancelledAt = 0 }: CancelRecord): number {
  return Math.min(LONGEST_CANCEL_AGAIN_MS, Math.max(CANCEL_AGAIN_MS, cancelledAt - firstCancelledAt));
}

/** Returns the entry after cancelling. The end of the task's own job then has this reason; that of an extra job says nothing about the task. */
export function withCancelled<Its extends CancelRecord>(entry: Its, cancel: Cancel, now: number): Its {
  if (isOfOwn(entry, cancel)) {
    const isAgain = entry.cancelledFor === cancel.why && entry.cancelledAt !== undefined;
    const firstCancelledAt = isAgain ? (entry.firstCancelledAt ?? entry.cancelledAt) : now;
    return { ...entry, cancelledFor: cancel.why, cancelledAt: now, firstCancelledAt };
  }
  const cancelledExtras = [...new Set([...(entry.cancelledExtras ?? []), ...cancel.jobIds])].slice(-MOST_EXTRAS);
  return { ...entry, cancelledExtras, cancelledExtrasAt: now };
}

function isOfOwn({ jobId }: CancelRecord, { jobIds }: Cancel): boolean {
  return jobIds.some((id) => id === jobId);
}

/** Another Unix user's job is never cancelled, even if Slurm allows it: its gate or its agent ends it if the task is unwanted. */
export function cancellable(
  { jobIds }: Cancel,
  { jobId, isOthersJob }: Entry,
  { jobs }: Pick<Observation, 'jobs'>,
): Observation['jobs'] {
  return jobs.filter(({ id }) => jobIds.includes(id) && (isOthersJob !== true || id !== jobId));
}
