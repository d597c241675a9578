// Cancelling: what the journal remembers of a job that was asked to end, and when it is to be asked again.
import type { Action } from './decide/action.ts';
import type { Entry } from './entry.ts';

type Cancel = Extract<Action, { readonly do: 'cancel' }>;

/** A job that was asked to end may take its time; it is asked again when that takes long. */
const CANCEL_AGAIN_MS = 60_000;

/** Whether there is a reason to ask now (milliseconds since 1970): the first time, after a while, or for another reason. */
export function isCancelDue({ cancelledFor, cancelledAt }: Entry, { why }: Cancel, now: number): boolean {
  if (cancelledAt === undefined || now - cancelledAt >= CANCEL_AGAIN_MS) return true;
  return cancelledFor !== undefined && cancelledFor !== why;
}

/** The entry once that is asked for. The end of the task's own job has this reason; that of an extra one says nothing about the task. */
export function withCancelled(entry: Entry, { jobIds, why }: Cancel, now: number): Entry {
  if (jobIds.some((id) => id === entry.jobId)) return { ...entry, cancelledFor: why, cancelledAt: now };
  const cancelledExtras = [...new Set([...(entry.cancelledExtras ?? []), ...jobIds])];
  return { ...entry, cancelledExtras, cancelledAt: now };
}
