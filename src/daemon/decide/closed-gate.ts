// Recognizes a job that found the gate closed and so ran nothing, by its exit code.
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../sbatch-template/job-script/job-exit-codes.ts';

/** Whether the gate ended the job: the task was not its own, so it ran nothing. */
export function isGateClosed(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  if (job.state !== 'FAILED' || record === undefined || record === 'gone') return false;
  return record.exitCode === JOB_EXIT_CODES.gateClosed.code;
}

/** Whether Slurm requeued the job, which ran the task in an earlier start and then found the gate closed. */
export function isBackAtGate(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  return isGateClosed(job, record) && record !== 'gone' && (record?.restarts ?? 0) > 0;
}
