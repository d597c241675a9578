// `config`: prints the effective settings.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS, PROGRAM } from '../common-options.ts';

export const configCommand: Command = {
  name: 'config',
  argument: { name: 'key', usage: '[KEY]', means: 'A setting or a group of settings (default: all)' },
  group: 'Set up',
  describe: 'Print the effective settings, with secrets masked',
  examples: [
    { commandLine: 'config --origins', effect: 'Print all settings and the origin of each value' },
    { commandLine: 'config agent.slurm.queues --json', effect: 'Print one setting as JSON' },
  ],
  options: {
    origins: { type: 'boolean', describe: 'Print the origin of each value' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...QUEUE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { showConfig } = await import('../../config/show-effective-settings.ts');
    const { config } = readConfigured(typed, context);
    for (const warning of config.warnings) context.stderr(`${PROGRAM}: ${warning}\n`);
    context.stdout(
      showConfig(config, {
        key: textOption(typed, 'key'),
        origins: isOn(typed, 'origins'),
        json: isOn(typed, 'json'),
      }),
    );
    return EXIT.ok;
  },
};
