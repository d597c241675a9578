// Tells the daemon of this state folder to take nothing new, and to end with its last job.
import { commonOptions } from '../setting-options.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { journalEntries } from '../../daemon/serve/journal-entries.ts';
import { describeOthers, findDaemons } from '../../daemon/serve/running-daemons.ts';
import { tellResult } from '../tell-result.ts';

/** Returns `failed` when there is nobody to tell. Does not wait. @throws ConfigError, UsageError */
export async function drain(typed: Typed, context: CommandContext): Promise<number> {
  const daemons = await findDaemons(commonOptions(typed), context);
  context.stderr(describeOthers(daemons, 'drain'));
  if (daemons.here.length === 0) return EXIT.failed;
  const journals = await Promise.all(daemons.stateDirs.map(journalEntries));
  const count = journals.reduce((sum, { size }) => sum + size, 0);
  for (const { pid } of daemons.here) {
    process.kill(pid, 'SIGUSR1');
    tellResult(
      context,
      `Process ${pid} takes nothing new from now on, and ends with the last of its tasks (${count} at the moment). See clearml-agent-slurm status.\n`,
    );
  }
  return daemons.elsewhere.length > 0 ? EXIT.failed : EXIT.ok;
}
