// What the journal remembers of a cancelled job, and when to cancel it again. Apart from act.ts because it is mutation-tested.
import type { Action } from '../decide/action.ts';
import type { Entry } from '../journal/entry.ts';

type Cancel = Extract<Action, { readonly do: 'cancel' }>;

/** A cancelled job may take a while to end; it is cancelled again after this time. */
const CANCEL_AGAIN_MS = 60_000;

/** This daemon never submits so many jobs of one task; extra jobs beyond that are not remembered. */
const MOST_EXTRAS = 100;

/** Whether to cancel now (milliseconds since 1970): the first time, after a while, or for another reason. */
export function isCancelDue(entry: Entry, cancel: Cancel, now: number): boolean {
  const isOwn = isOfOwn(entry, cancel);
  const askedAt = isOwn ? entry.cancelledAt : entry.cancelledExtrasAt;
  if (askedAt === undefined || now - askedAt >= CANCEL_AGAIN_MS) return true;
  if (isOwn) return entry.cancelledFor !== cancel.why;
  return cancel.jobIds.some((id) => entry.cancelledExtras?.includes(id) !== true);
}

/** Returns the entry after cancelling. The end of the task's own job then has this reason; that of an extra job says nothing about the task. */
export function withCancelled(entry: Entry, cancel: Cancel, now: number): Entry {
  if (isOfOwn(entry, cancel)) return { ...entry, cancelledFor: cancel.why, cancelledAt: now };
  const cancelledExtras = [...new Set([...(entry.cancelledExtras ?? []), ...cancel.jobIds])].slice(-MOST_EXTRAS);
  return { ...entry, cancelledExtras, cancelledExtrasAt: now };
}

function isOfOwn({ jobId }: Entry, { jobIds }: Cancel): boolean {
  return jobIds.some((id) => id === jobId);
}
