// Prints the settings in force.
import { commonOptions } from '../setting-options.ts';
import { showConfig } from '../../config/show.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { switchOption, textOption } from '../typed-options.ts';

/** @throws ConfigError, UnknownSettingError */
export function printConfig(typed: Typed, context: CommandContext): number {
  const config = readConfig(commonOptions(typed), context);
  context.stdout(
    showConfig(config, {
      key: textOption(typed, 'key'),
      origins: switchOption(typed, 'origins') ?? false,
      json: switchOption(typed, 'json') ?? false,
    }),
  );
  return EXIT.ok;
}
