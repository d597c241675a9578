// What a job's own exit code tells, where the job script has codes of its own.
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../template/job-exit-codes.ts';

/** Whether the job ended at the gate: somebody else had the task, so it ran nothing. */
export function isGateClosed(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  if (job.state !== 'FAILED' || record === undefined || record === 'gone') return false;
  return record.exitCode === JOB_EXIT_CODES.gateClosed.code;
}

/** Whether Slurm had put the job back and it found the gate closed: in an earlier start it had run the task. */
export function isBackAtGate(job: Job, record: JobRecord | 'gone' | undefined): boolean {
  return isGateClosed(job, record) && record !== 'gone' && (record?.restarts ?? 0) > 0;
}
