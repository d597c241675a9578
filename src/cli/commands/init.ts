// `init`: write a first template, settings and a unit for the cluster at hand.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const initCommand: Command = {
  name: 'init',
  positionals: '[folder]',
  argument: { usage: '[FOLDER]', means: 'Where its files are written (default: this folder)' },
  group: 'Begin',
  describe: 'Look at this cluster, and write a template, settings and a unit for it',
  examples: [
    { words: 'init', does: 'Ask a few questions, and write into this folder' },
    { words: 'init site --yes --queue gpu', does: 'Ask nothing, and write into the folder site' },
  ],
  options: {
    queue: {
      value: 'QUEUE',
      type: 'string',
      describe: 'The ClearML queue to serve (default: default)',
    },
    partition: {
      value: 'NAME',
      type: 'string',
      describe: 'The partition for its jobs (default: that of Slurm)',
    },
    account: {
      value: 'NAME',
      type: 'string',
      describe: 'The account for its jobs (default: that of the user)',
    },
    containers: {
      value: 'HOW',
      type: 'string',
      describe: 'How images are run: none, apptainer, singularity or pyxis (default: none)',
    },
    'shared-dir': {
      value: 'FOLDER',
      type: 'string',
      describe: 'A folder that nodes see under the same path, or none',
    },
    yes: { type: 'boolean', describe: 'Ask nothing, take what is usual there' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { init } = await import('../deeds/init.ts');
    return init(typed, context);
  },
};
