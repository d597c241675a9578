// `properties`: lists the user properties that templates read, or sets them on a task.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, listOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, TEMPLATES_ARGUMENT } from '../common-options.ts';

export const propertiesCommand: Command = {
  name: 'properties',
  argument: TEMPLATES_ARGUMENT,
  group: 'Write templates',
  describe: 'List the user properties that templates read, or add them to a task',
  examples: [
    { commandLine: 'properties gpu.template', effect: 'List the properties that a task can set' },
    { commandLine: 'properties gpu.template --markdown', effect: 'Print the properties as a Markdown table' },
    {
      commandLine: 'properties gpu.template --task TASK',
      effect: 'Add the missing properties to a task, so that you can edit them in the web page',
    },
  ],
  options: {
    markdown: { type: 'boolean', describe: 'Print a Markdown table' },
    json: { type: 'boolean', describe: 'Print JSON' },
    task: {
      value: 'TASK',
      type: 'string',
      describe: 'Add the properties that this task lacks, with their defaults',
    },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { namedTemplates } = await import('../../assembly/read-named-files.ts');
    const { formatProperties, propertiesOf } = await import('../format-properties.ts');
    const here = readConfigured(typed, context);
    const named = listOption(typed, 'templates');
    const properties = propertiesOf(await namedTemplates(named, here.config.settings, context, 'properties'));
    const task = textOption(typed, 'task');
    if (task !== undefined) {
      const { setMissingProperties } = await import('../../task-commands/set-missing-properties.ts');
      context.stdout(await setMissingProperties(here, task, properties));
    } else if (isOn(typed, 'json')) {
      context.stdout(`${JSON.stringify(properties, null, 2)}\n`);
    } else {
      const isMarkdown = isOn(typed, 'markdown');
      context.stdout(formatProperties(properties, isMarkdown, context.terminalSize?.().columns));
    }
    return EXIT.ok;
  },
};
