// `config`: print the settings in force, and where each came from.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const configCommand: Command = {
  name: 'config',
  positionals: '[key]',
  argument: { usage: '[KEY]', means: 'A setting, or a group of them (default: all)' },
  group: 'Begin',
  describe: 'Print the settings in force, secrets masked',
  examples: [
    { words: 'config --origins', does: 'All settings, and where each came from' },
    { words: 'config agent.slurm.queues --json', does: 'One setting, for a program' },
  ],
  options: {
    origins: { type: 'boolean', describe: 'Tell where each value came from' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...QUEUE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { printConfig } = await import('../deeds/print-config.ts');
    return printConfig(typed, context);
  },
};
