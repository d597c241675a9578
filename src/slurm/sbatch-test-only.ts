// `sbatch --test-only`: whether Slurm would take a script, without a job.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage } from './command-error.ts';
import { readSubmitError, submitErrorMessage } from './submit-error.ts';

/** The script goes to standard input, as when it is submitted. */
export const TEST_ARGS: readonly string[] = ['--test-only', '--ignore-pbs'];

/** `unasked`: Slurm gave no answer that is about the script. `words` are Slurm's own. */
export type Tested = { readonly kind: 'taken' } | { readonly kind: 'refused' | 'unasked'; readonly words: string };

/** sbatch prints the controller's answer behind other words than when it submits (slurm's src/sbatch/sbatch.c). */
const ANSWER = /^(?:sbatch: (?:error: )?)?allocation failure: /gm;

export function readTested(result: CommandResult): Tested {
  if (result.exitCode === 0) return { kind: 'taken' };
  const stderr = result.stderr.replaceAll(ANSWER, 'sbatch: error: Batch job submission failed: ');
  const words = submitErrorMessage(stderr) || failureMessage('sbatch --test-only', result);
  return { kind: readSubmitError(result.exitCode, stderr) === 'rejected' ? 'refused' : 'unasked', words };
}
