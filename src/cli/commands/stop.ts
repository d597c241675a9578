// `stop`: end the daemon, and leave its jobs alone.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const stopCommand: Command = {
  name: 'stop',
  group: 'Look and operate',
  describe: 'Stop the daemon of this state folder; its jobs go on',
  examples: [{ commandLine: 'stop', effect: 'Stop the daemon of the usual state folder' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { printResult } = await import('../output.ts');
    const { commonOptions } = await import('../setting-options.ts');
    const { describeOthers, findDaemons, stopDaemon } = await import('../../daemon/serve/running-daemons.ts');
    const daemons = await findDaemons(commonOptions(typed), context);
    context.stderr(describeOthers(daemons, 'stop'));
    let code: number = daemons.elsewhere.length > 0 ? EXIT.failed : EXIT.ok;
    for (const daemon of daemons.here) {
      if (await stopDaemon(daemon, daemons.stateDirs, context)) {
        printResult(
          context,
          `Stopped: process ${daemon.pid} has ended. Its jobs go on, and are followed once it is started again.\n`,
        );
      } else {
        context.stderr(
          `Process ${daemon.pid} was told to stop, but has not ended within 30 s. Wait, or end it with kill -KILL ${daemon.pid}: nothing is lost by that.\n`,
        );
        code = EXIT.tryAgain;
      }
    }
    return code;
  },
};
