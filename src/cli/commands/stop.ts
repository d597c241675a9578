// `stop`: stops the daemon; its jobs keep running.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const stopCommand: Command = {
  name: 'stop',
  group: 'Operate',
  describe: 'Stop the daemon of this state directory; its jobs keep running',
  examples: [{ commandLine: 'stop', effect: 'Stop the daemon of the default state directory' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { printResult } = await import('../print-output.ts');
    const { readConfigured } = await import('../setting-options.ts');
    const { describeEnded, describeOthers, findDaemons, stopDaemon } =
      await import('../../daemon/serve/running-daemons.ts');
    const daemons = await findDaemons(readConfigured(typed, context));
    context.stderr(describeOthers(daemons, 'stop'));
    let code: number = daemons.elsewhere.length > 0 ? EXIT.failed : EXIT.ok;
    for (const daemon of daemons.here) {
      const outcome = await stopDaemon(daemon, daemons.stateDirs, context);
      if (outcome === 'had ended') printResult(context, describeEnded(daemon));
      else if (outcome === 'stopped') {
        printResult(
          context,
          `Stopped process ${daemon.pid}. Its jobs keep running; the daemon tracks them again when it restarts.\n`,
        );
      } else {
        context.stderr(
          `Process ${daemon.pid} did not stop within 30 s. Wait, or run kill -KILL ${daemon.pid}: no task is lost.\n`,
        );
        code = EXIT.tryAgain;
      }
    }
    return code;
  },
};
