// When a job is cancelled, and when again: the first time, after ever longer times, or for another reason. Pure.
import { elapsedMs } from '../../base/past-time.ts';
import type { Action } from '../decide/action.ts';
import type { Entry } from '../journal/entry.ts';

export type Cancel = Extract<Action, { readonly do: 'cancel' }>;

/** A cancelled job may take a while to end; it is cancelled again after this time, and then after ever longer times. */
const CANCEL_AGAIN_MS = 60_000;

/** Enough for a job that stays COMPLETING for days, as one whose node does not respond. */
const LONGEST_CANCEL_AGAIN_MS = 3_600_000;

/** This daemon never submits so many jobs of one task; extra jobs beyond that are not remembered. */
const MOST_EXTRAS = 100;

/** Whether to cancel now (milliseconds since 1970): the first time, after a while, or for another reason. */
export function isCancelDue(entry: Entry, cancel: Cancel, now: number): boolean {
  const isOwn = isOfOwn(entry, cancel);
  const askedAt = isOwn ? entry.cancelledAt : entry.cancelledExtrasAt;
  if (elapsedMs(askedAt, now) >= (isOwn ? cancelAgainMs(entry) : CANCEL_AGAIN_MS)) return true;
  if (isOwn) return entry.cancelledFor !== cancel.why;
  return cancel.jobIds.some((id) => entry.cancelledExtras?.includes(id) !== true);
}

/** Each time twice as long as before. */
function cancelAgainMs({ firstCancelledAt = Infinity, cancelledAt = 0 }: Entry): number {
  return Math.min(LONGEST_CANCEL_AGAIN_MS, Math.max(CANCEL_AGAIN_MS, cancelledAt - firstCancelledAt));
}

/** Returns the entry after cancelling. The end of the task's own job then has this reason; that of an extra job says nothing about the task. */
export function withCancelled(entry: Entry, cancel: Cancel, now: number): Entry {
  if (isOfOwn(entry, cancel)) {
    const isAgain = entry.cancelledFor === cancel.why && entry.cancelledAt !== undefined;
    const firstCancelledAt = isAgain ? (entry.firstCancelledAt ?? entry.cancelledAt) : now;
    return { ...entry, cancelledFor: cancel.why, cancelledAt: now, firstCancelledAt };
  }
  const cancelledExtras = [...new Set([...(entry.cancelledExtras ?? []), ...cancel.jobIds])].slice(-MOST_EXTRAS);
  return { ...entry, cancelledExtras, cancelledExtrasAt: now };
}

function isOfOwn({ jobId }: Entry, { jobIds }: Cancel): boolean {
  return jobIds.some((id) => id === jobId);
}
