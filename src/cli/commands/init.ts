// `init`: write a first template and settings for the cluster at hand.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const initCommand: Command = {
  name: 'init',
  positionals: '[folder]',
  describe: 'Look at this cluster, and write a template and settings for it',
  options: {
    queue: { type: 'string', requiresArg: true, describe: 'The ClearML queue to serve (default: default)' },
    partition: { type: 'string', requiresArg: true, describe: 'The partition for its jobs (default: that of Slurm)' },
    account: { type: 'string', requiresArg: true, describe: 'The account for its jobs (default: that of the user)' },
    force: { type: 'boolean', describe: 'Overwrite files that are there' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const { init } = await import('../deeds/init.ts');
    return init(typed, around);
  },
};
