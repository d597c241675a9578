// `sudoers`: prints the file for /etc/sudoers.d that agent.slurm.user_map needs.
import { EXIT } from '../../base/exit-codes.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const sudoersCommand: Command = {
  name: 'sudoers',
  group: 'Set up',
  describe: 'Print the sudoers file that jobs of several Unix users need',
  examples: [
    { commandLine: 'sudoers > clearml-agent-slurm', effect: 'Save the sudoers file for an admin to install' },
    { commandLine: 'sudoers --cluster gpu', effect: 'Print the sudoers file for one of several clusters' },
  ],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { withApp } = await import('../with-app.ts');
    const { sudoersOf } = await import('../../init/generate-sudoers-file.ts');
    return withApp(typed, context, async (app) => {
      const [cluster, ...others] = app.config.settings.clusters;
      if (cluster === undefined || others.length > 0)
        throw new UsageError(
          'There are several clusters, each with a separate sudoers file: select a cluster with --cluster.',
        );
      context.stdout(await sudoersOf(app, cluster));
      return EXIT.ok;
    });
  },
};
