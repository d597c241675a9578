// scancel: how many jobs are cancelled with few calls.
import type { JobId } from './scheduler.ts';

/** One call with many ids costs the controller a fraction of as many calls with one; 200 fit on any command line. */
const IDS_PER_CALL = 200;

/**
 * The arguments of each call that together cancel these jobs.
 * Always by id and never by name: run as root, scancel takes a name for the jobs of every user.
 */
export function scancelArgs(ids: readonly JobId[]): string[][] {
  const calls: string[][] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_CALL) calls.push(ids.slice(from, from + IDS_PER_CALL));
  return calls;
}
