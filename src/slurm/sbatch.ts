// The arguments of sbatch, which submits a script or only tests it, and the meaning of its output; run-slurm-commands.ts submits.
// Noise in the output never makes a submission "failed".
import {
  CommandNotFoundError,
  CommandTimeoutError,
  ConnectionLostError,
  HostUnreachableError,
  SudoRefusedError,
  UserHeldError,
} from '../transport/errors.ts';
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
  for (const line of linesOf(stdout).reverse()) {
    const [, id, cluster] =
      /^(\d+)(?:;([\w.-]+))?\s*$/.exec(line) ??
      /^Submitted batch job (\d+)(?: on cluster ([\w.-]+))?\s*$/.exec(line) ??
      [];
    if (id !== undefined && isJobId(id)) return { kind: 'accepted', jobId: id, cluster };
  }
  return undefined;
}

/** The outcome of an sbatch without a result; undefined if the error is not one of the transport. */
export function parseSubmitTransportError(error: unknown): SubmitOutcome | undefined {
  if (error instanceof SudoRefusedError) return { kind: 'unavailable', message: error.message, isOfUser: true };
  if (error instanceof UserHeldError)
    return { kind: 'unavailable', message: error.message, isOfUser: true, isStuck: true };
  if (error instanceof CommandNotFoundError || error instanceof HostUnreachableError) {
    return { kind: 'unavailable', message: error.message };
  }
  if (error instanceof CommandTimeoutError) {
    return parseAcceptance(error.stdout) ?? { kind: 'unknown', message: oneLine(`${error.message}. ${error.stderr}`) };
  }
  return error instanceof ConnectionLostError ? { kind: 'unknown', message: error.message } : undefined;
}

/** At each end of the output, as a wrapper or plugin may print without end. */
const MOST_READ = 64 * 1024;

/** The whole lines at both ends: the rest of a line could look like a job id. */
function linesOf(text: string): string[] {
  if (text.length <= 2 * MOST_READ) return text.split('\n');
  const first = text.slice(0, MOST_READ).split('\n').slice(0, -1);
  return [...first, ...text.slice(-MOST_READ).split('\n').slice(1)];
}

/** For a check whether Slurm would accept a script, without submitting it. The script is passed on stdin, as for a submission. */
export const TEST_ARGS: readonly string[] = ['--test-only', '--ignore-pbs'];

/** `unasked`: Slurm did not check the script. `message` is that of Slurm. */
export type Tested = { readonly kind: 'taken' } | { readonly kind: 'refused' | 'unasked'; readonly message: string };

/** sbatch prints the controller's message with another prefix than for a submission (src/sbatch/sbatch.c). */
const ANSWER = /^(?:sbatch: (?:error: )?)?allocation failure: /gm;

export function parseTestOnly(result: CommandResult): Tested {
  if (result.exitCode === 0) return { kind: 'taken' };
  const stderr = result.stderr.replaceAll(ANSWER, 'sbatch: error: Batch job submission failed: ');
  const message = submitErrorMessage(stderr) || failureMessage('sbatch --test-only', result);
  return { kind: parseSubmitError(result.exitCode, stderr) === 'rejected' ? 'refused' : 'unasked', message };
}
