// `web`: prints the URL of the daemon's status page.
import { EXIT } from '../../base/exit-codes.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, PROGRAM } from '../common-options.ts';

export const webCommand: Command = {
  name: 'web',
  group: 'Operate',
  describe: "Print the URL of the daemon's status page, and how to reach it from your computer",
  examples: [{ commandLine: 'web', effect: 'Print the URL, which contains the token' }],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { findDaemons, describeOthers } = await import('../../daemon/serve/running-daemons.ts');
    const { describeWeb } = await import('../../web/token-and-address-files.ts');
    const { printResult } = await import('../print-output.ts');
    const configured = readConfigured(typed, context);
    const daemons = await findDaemons(configured);
    const pids = daemons.here.map(({ pid }) => pid);
    const text = await describeWeb(configured, pids);
    if (text !== '') {
      printResult(context, text);
      return EXIT.ok;
    }
    context.stderr(
      daemons.here.length === 0
        ? describeOthers(daemons, 'web')
        : `The daemon serves no status page. Restart it with ${PROGRAM} --http 8910, or set agent.slurm.http.listen.\n`,
    );
    return EXIT.failed;
  },
};
