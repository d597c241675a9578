// Merges the jobs that squeue shows with those in accounting.
import { isLive } from './job-state.ts';
import type { Job, JobList } from './scheduler.ts';

/**
 * The jobs with these names from both sources; squeue was called last and takes precedence. So a job that is alive only in
 * accounting is not alive: the controller lost it, or its end is not recorded yet.
 * Failed accounting does not prove that a job never existed: then the result is valid only if squeue shows a job for each name.
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
