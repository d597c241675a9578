// Cancelling: what the journal remembers of a job that was asked to end, and when it is to be asked again.
import type { Action } from '../decide/action.ts';
import type { Entry } from '../journal/entry.ts';

type Cancel = Extract<Action, { readonly do: 'cancel' }>;

/** A job that was asked to end may take its time; it is asked again when that takes long. */
const CANCEL_AGAIN_MS = 60_000;

/** Nothing of ours submits so many jobs of one task; what Slurm shows beyond that is not remembered. */
const MOST_EXTRAS = 100;

/** Whether there is a reason to ask now (milliseconds since 1970): the first time, after a while, or for another reason. */
export function isCancelDue(entry: Entry, cancel: Cancel, now: number): boolean {
  const isOwn = isOfOwn(entry, cancel);
  const askedAt = isOwn ? entry.cancelledAt : entry.cancelledExtrasAt;
  if (askedAt === undefined || now - askedAt >= CANCEL_AGAIN_MS) return true;
  if (isOwn) return entry.cancelledFor !== cancel.why;
  return cancel.jobIds.some((id) => entry.cancelledExtras?.includes(id) !== true);
}

/** The entry once that is asked for. The end of the task's own job has this reason; that of an extra one says nothing about the task. */
export function withCancelled(entry: Entry, cancel: Cancel, now: number): Entry {
  if (isOfOwn(entry, cancel)) return { ...entry, cancelledFor: cancel.why, cancelledAt: now };
  const cancelledExtras = [...new Set([...(entry.cancelledExtras ?? []), ...cancel.jobIds])].slice(-MOST_EXTRAS);
  return { ...entry, cancelledExtras, cancelledExtrasAt: now };
}

function isOfOwn({ jobId }: Entry, { jobIds }: Cancel): boolean {
  return jobIds.some((id) => id === jobId);
}
