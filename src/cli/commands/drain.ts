// `drain`: lets the daemon finish its tasks and exit.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const drainCommand: Command = {
  name: 'drain',
  group: 'Operate',
  describe: 'Claim no new tasks; the daemon exits when its last job has ended',
  examples: [{ commandLine: 'drain', effect: 'Drain the daemon of the default state directory' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { printResult } = await import('../print-output.ts');
    const { readConfigured } = await import('../setting-options.ts');
    const { describeEnded, describeOthers, findDaemons, signalDaemon } =
      await import('../../daemon/serve/running-daemons.ts');
    const { journalEntries } = await import('../../daemon/journal/journal-lines.ts');
    const daemons = await findDaemons(readConfigured(typed, context));
    context.stderr(describeOthers(daemons, 'drain'));
    if (daemons.here.length === 0) return EXIT.failed;
    const journals = await Promise.all(daemons.stateDirs.map(journalEntries));
    const count = journals.reduce((sum, { size }) => sum + size, 0);
    let code: number = daemons.elsewhere.length > 0 ? EXIT.failed : EXIT.ok;
    for (const daemon of daemons.here) {
      if (signalDaemon(daemon.pid, 'SIGUSR1')) {
        printResult(
          context,
          `Draining process ${daemon.pid}: it claims no new tasks, and exits when its tracked tasks (now ${count}) have ended. See clearml-agent-slurm status.\n`,
        );
      } else {
        context.stderr(describeEnded(daemon));
        code = EXIT.failed;
      }
    }
    return code;
  },
};
