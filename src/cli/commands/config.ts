// `config`: print the settings in force, and where each came from.
import { EXIT } from '../../base/exit-codes.ts';
import { switchOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const configCommand: Command = {
  name: 'config',
  positionals: '[key]',
  argument: { usage: '[KEY]', means: 'A setting, or a group of them (default: all)' },
  group: 'Begin',
  describe: 'Print the settings in force, secrets masked',
  examples: [
    { commandLine: 'config --origins', effect: 'All settings, and where each came from' },
    { commandLine: 'config agent.slurm.queues --json', effect: 'One setting, for a program' },
  ],
  options: {
    origins: { type: 'boolean', describe: 'Tell where each value came from' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...QUEUE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { showConfig } = await import('../../config/show.ts');
    const { config } = readConfigured(typed, context);
    context.stdout(
      showConfig(config, {
        key: textOption(typed, 'key'),
        origins: switchOption(typed, 'origins') ?? false,
        json: switchOption(typed, 'json') ?? false,
      }),
    );
    return EXIT.ok;
  },
};
