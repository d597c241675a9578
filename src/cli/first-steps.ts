// What is said to somebody who types the program's name and nothing else, before there is anything to serve.
import { commonOptions } from './setting-options.ts';
import type { CommandContext } from './command.ts';
import { configuredTemplates } from '../assembly/named-templates.ts';
import { readConfig } from '../assembly/read-config.ts';
import { PROGRAM } from './spelling.ts';

/** Whether the configuration has a template to serve queues with. @throws ConfigError */
export function isConfigured(context: CommandContext): boolean {
  return configuredTemplates(readConfig(commonOptions({}), context).settings).length > 0;
}

export function firstSteps(): string {
  return (
    `No template yet: ${PROGRAM} init writes one for this cluster.\n` +
    `Something is in the way: ${PROGRAM} doctor says what.\n` +
    `All commands: ${PROGRAM} --help\n`
  );
}
