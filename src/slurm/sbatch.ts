// sbatch: how a script is submitted under our name, and how its answer is read. Never "failed" because of noise.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './command-error.ts';
import { isJobId } from './job-row.ts';
import type { JobId, SubmitOutcome } from './scheduler.ts';
import { readSubmitError, submitErrorMessage } from './submit-error.ts';

/**
 * The script goes to standard input. What stands on the command line wins over the script's own directives, and a
 * template's `#PBS` lines, which sbatch would obey as well, are comments.
 */
export function sbatchArgs(jobName: string): string[] {
  return ['--parsable', '--ignore-pbs', `--job-name=${jobName}`];
}

interface Accepted {
  readonly kind: 'accepted';
  readonly jobId: JobId;
  readonly cluster: string | undefined;
}

/**
 * Reads what sbatch answered. A job id on standard output wins over whatever else was said, also over an exit code:
 * `--wait` exits with the job's own. Only where sbatch itself reports that the submission failed it can be no id.
 */
export function readSbatch(result: CommandResult): SubmitOutcome {
  const accepted = readAcceptance(result.stdout);
  if (result.exitCode === 0) {
    return accepted ?? { kind: 'unknown', words: oneLine(`sbatch named no job: ${result.stdout} ${result.stderr}`) };
  }
  const kind = readSubmitError(result.exitCode, result.stderr);
  if (accepted !== undefined && !result.stderr.includes('Batch job submission failed')) return accepted;
  return { kind, words: submitErrorMessage(result.stderr) || failureMessage('sbatch', result) };
}

/**
 * The job that this output of sbatch names: the last line that is `4711`, `4711;cluster` or `Submitted batch job 4711
 * on cluster c` (a wrapper without `--parsable`). Also good for what an sbatch had printed when it was killed.
 */
export function readAcceptance(stdout: string): Accepted | undefined {
  for (const line of stdout.split('\n').reverse()) {
    const [, id, cluster] =
      /^(\d+)(?:;([\w.-]+))?\s*$/.exec(line) ??
      /^Submitted batch job (\d+)(?: on cluster ([\w.-]+))?\s*$/.exec(line) ??
      [];
    if (id !== undefined && isJobId(id)) return { kind: 'accepted', jobId: id, cluster };
  }
  return undefined;
}
