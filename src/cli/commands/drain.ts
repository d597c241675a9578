// `drain`: have the daemon finish what it has, and then end.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const drainCommand: Command = {
  name: 'drain',
  group: 'Look and operate',
  describe: 'Have the daemon take nothing new, and end with its last job',
  examples: [{ commandLine: 'drain', effect: 'Tell the daemon of the usual state folder' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { printResult } = await import('../output.ts');
    const { commonOptions } = await import('../setting-options.ts');
    const { describeOthers, findDaemons } = await import('../../daemon/serve/running-daemons.ts');
    const { journalEntries } = await import('../../daemon/serve/journal-entries.ts');
    const daemons = await findDaemons(commonOptions(typed), context);
    context.stderr(describeOthers(daemons, 'drain'));
    if (daemons.here.length === 0) return EXIT.failed;
    const journals = await Promise.all(daemons.stateDirs.map(journalEntries));
    const count = journals.reduce((sum, { size }) => sum + size, 0);
    for (const { pid } of daemons.here) {
      process.kill(pid, 'SIGUSR1');
      printResult(
        context,
        `Process ${pid} takes nothing new from now on, and ends with the last of its tasks (${count} at the moment). See clearml-agent-slurm status.\n`,
      );
    }
    return daemons.elsewhere.length > 0 ? EXIT.failed : EXIT.ok;
  },
};
