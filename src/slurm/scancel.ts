// The arguments of scancel, which cancels one job, and the meaning of its output; cancel-jobs.ts runs it.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './errors.ts';
import type { JobKey } from './scheduler.ts';

/** Why a job was not cancelled. */
export interface CancelFailure {
  readonly words: string;
  /** Says nothing about other jobs. */
  readonly isOfOneJob: boolean;
}

/**
 * The arguments that cancel the job with this id only if it has this name: after a controller crash another job may have its id.
 * Since Slurm 24.05, `--ctld` lets the controller compare both as it cancels. Older releases ignore it: their scancel compares
 * both itself, just before. Never without an id: scancel as root applies a name to the jobs of all users.
 */
export function scancelArgs({ id, name }: JobKey): string[] {
  return ['--ctld', `--name=${name}`, id];
}

/** The job has ended and is forgotten, or another job has its id: nothing is left to cancel. */
const IS_GONE = /Invalid job id specified|Job name .* != filter name/s;
const OF_ONE_JOB = 'Kill job error on job id';

/** undefined if scancel found nothing wrong, which does not prove that the job ends. With `--ctld` an error of one job has exit code 0. */
export function parseScancel(result: CommandResult): CancelFailure | undefined {
  const { exitCode, stderr } = result;
  const isOfOneJob = stderr.includes(OF_ONE_JOB);
  if (IS_GONE.test(stderr) || (exitCode === 0 && !isOfOneJob)) return undefined;
  return { words: exitCode === 0 ? oneLine(stderr) : failureMessage('scancel', result), isOfOneJob };
}
