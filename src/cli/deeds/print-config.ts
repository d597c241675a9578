// Prints the settings in force.
import { showConfig } from '../../config/show.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { readConfig } from '../read-config.ts';
import { switchOption, textOption } from '../typed-options.ts';

/** @throws ConfigError, UnknownSettingError */
export function printConfig(typed: Typed, around: Surroundings): number {
  const config = readConfig(typed, around);
  around.stdout(
    showConfig(config, {
      key: textOption(typed, 'key'),
      origins: switchOption(typed, 'origins') ?? false,
      json: switchOption(typed, 'json') ?? false,
    }),
  );
  return EXIT.ok;
}
