// Merges the jobs that squeue shows with those in accounting.
import { isLive } from './job-state.ts';
import type { Job, JobList } from './scheduler.ts';

/**
 * The jobs with these names from both sources; squeue was called last and takes precedence. So a job that is alive only in
 * accounting is not alive: the controller lost it, or its end is not recorded yet.
 * Failed accounting does not prove that a job never existed: then the result is valid only if squeue shows a job for each name.
 */
export function mergeLookUp(names: readonly string[], past: JobList, shown: readonly Job[]): JobList {
  // Sets: after an outage of Slurm, tens of thousands of names may be looked up at once.
  const wanted = new Set(names);
  const current = shown.filter((job) => wanted.has(job.name));
  if (past.kind === 'failed') {
    const isComplete = wanted.size === new Set(current.map((job) => job.name)).size;
    return isComplete ? { kind: 'listed', jobs: current } : past;
  }
  const ids = new Set(current.map((job) => job.id));
  const gone = past.jobs.filter((job) => wanted.has(job.name) && !ids.has(job.id) && !isLive(job.state));
  return { kind: 'listed', jobs: [...current, ...gone] };
}
