// What is known of jobs by their names, put together from what squeue still shows and what accounting remembers.
import { isLive } from './job-state.ts';
import type { Job, JobList } from './scheduler.ts';

/**
 * The jobs of these names from both sources, of which squeue was asked last. Where both know a job, squeue knows better;
 * so what accounting takes for alive and squeue does not show is not: the controller has lost it, or accounting has not
 * heard of its end yet.
 * Accounting that could not be asked is no evidence that a job never was: then the answer is good only if squeue shows
 * a job of each name.
 */
export function mergeLookUp(names: readonly string[], past: JobList, shown: readonly Job[]): JobList {
  const current = shown.filter((job) => names.includes(job.name));
  if (past.kind === 'failed') {
    const isComplete = names.every((name) => current.some((job) => job.name === name));
    return isComplete ? { kind: 'listed', jobs: current } : past;
  }
  const ids = new Set(current.map((job) => job.id));
  const gone = past.jobs.filter((job) => names.includes(job.name) && !ids.has(job.id) && !isLive(job.state));
  return { kind: 'listed', jobs: [...current, ...gone] };
}
