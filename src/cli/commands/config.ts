// `config`: print the settings in force, and where each came from.
import { showConfig } from '../../config/show.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, readConfig } from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { switchOption, textOption } from '../typed-options.ts';

export const configCommand: Command = {
  name: 'config',
  positionals: '[key]',
  describe: 'Print the settings in force, secrets masked',
  options: {
    origins: { type: 'boolean', describe: 'Tell where each value came from' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...COMMON_OPTIONS,
  },
  run(typed, around) {
    const config = readConfig(typed, around);
    around.stdout(
      showConfig(config, {
        key: textOption(typed, 'key'),
        origins: switchOption(typed, 'origins') ?? false,
        json: switchOption(typed, 'json') ?? false,
      }),
    );
    return Promise.resolve(EXIT.ok);
  },
};
