// Cancels many jobs with few scancel calls.
import type { JobId } from './scheduler.ts';

/** One call with many ids costs the controller far less than a call for each; 200 ids fit on any command line. */
const IDS_PER_CALL = 200;

/**
 * The arguments of the calls that cancel these jobs.
 * Always by id: scancel as root applies a name to the jobs of all users.
 */
export function scancelArgs(ids: readonly JobId[]): string[][] {
  const calls: string[][] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_CALL) calls.push(ids.slice(from, from + IDS_PER_CALL));
  return calls;
}
