// Checks with `sbatch --test-only` whether Slurm would accept a script, without submitting it.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage } from './errors.ts';
import { parseSubmitError, submitErrorMessage } from './sbatch-errors.ts';

/** The script is passed on stdin, as for a submission. */
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
