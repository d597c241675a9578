// What a job's own exit code tells, where the job script has codes of its own.
import type { Job, JobRecord } from '../slurm/scheduler.ts';
import { JOB_EXIT_CODES, type JobExitCode } from '../template/job-exit-codes.ts';

/** Whether the job ended at the gate: somebody else had the task, so it ran nothing. */
export function isGateClosed(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  if (job.state !== 'FAILED' || record === undefined || record === 'gone') return false;
  return record.exitCode === JOB_EXIT_CODES.gateClosed.code;
}

/** What the job script means by this exit code, or undefined when it isn't one of its own. */
export function findJobExit(code: number): JobExitCode | undefined {
  return Object.values(JOB_EXIT_CODES).find((known) => known.code === code);
}
