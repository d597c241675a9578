// The arguments of sbatch, which submits a script, and the meaning of its output; run-slurm-commands.ts runs it.
// Noise in the output never makes a submission "failed".
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './errors.ts';
import { isJobId } from './parse-job-row.ts';
import type { JobId, SubmitOutcome } from './scheduler.ts';
import { parseSubmitError, submitErrorMessage } from './sbatch-errors.ts';

/**
 * The script is passed on stdin. Command-line options override the directives of the script. The `#PBS` lines of a
 * template, which sbatch would also read, are treated as comments.
 */
export function sbatchArgs(jobName: string, workDir?: string): string[] {
  const start = workDir === undefined ? [] : [`--chdir=${workDir}`];
  return ['--parsable', '--ignore-pbs', `--job-name=${jobName}`, ...start];
}

interface Accepted {
  readonly kind: 'accepted';
  readonly jobId: JobId;
  readonly cluster: string | undefined;
}

/**
 * Parses the result of sbatch. A job id on stdout takes precedence over all other output and over the exit code, because
 * `--wait` exits with the code of the job. Only an explicit submission error of sbatch overrides it.
 */
export function parseSbatch(result: CommandResult): SubmitOutcome {
  const accepted = parseAcceptance(result.stdout);
  if (result.exitCode === 0) {
    return (
      accepted ?? { kind: 'unknown', message: oneLine(`sbatch printed no job id: ${result.stdout} ${result.stderr}`) }
    );
  }
  const kind = parseSubmitError(result.exitCode, result.stderr);
  if (accepted !== undefined && !result.stderr.includes('Batch job submission failed')) return accepted;
  return { kind, message: submitErrorMessage(result.stderr) || failureMessage('sbatch', result) };
}

/**
 * The job that this output of sbatch names: the last line that is `4711`, `4711;cluster` or `Submitted batch job 4711
 * on cluster c` (a wrapper without `--parsable`). Also works for the output of an sbatch that was killed.
 */
export function parseAcceptance(stdout: string): Accepted | undefined {
  for (const line of stdout.split('\n').reverse()) {
    const [, id, cluster] =
      /^(\d+)(?:;([\w.-]+))?\s*$/.exec(line) ??
      /^Submitted batch job (\d+)(?: on cluster ([\w.-]+))?\s*$/.exec(line) ??
      [];
    if (id !== undefined && isJobId(id)) return { kind: 'accepted', jobId: id, cluster };
  }
  return undefined;
}
