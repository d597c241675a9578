// `vars`: lists the variables of templates.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, TASK_OPTIONS } from '../common-options.ts';

export const varsCommand: Command = {
  name: 'vars',
  group: 'Write templates',
  describe: 'List the variables of templates; with --task, also their values',
  examples: [
    { commandLine: 'vars', effect: 'List all variables' },
    { commandLine: 'vars --task TASK', effect: 'List the variables and values of a task' },
  ],
  options: {
    ...TASK_OPTIONS,
    queue: { value: 'QUEUE', type: 'array', describe: 'Queue of the task' },
    json: { type: 'boolean', describe: 'Print JSON, with complete values' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { formatFields, formatValues } = await import('../format-variables.ts');
    const isJson = isOn(typed, 'json');
    const columns = context.terminalSize?.().columns;
    const task = textOption(typed, 'task');
    const taskFile = textOption(typed, 'task-file');
    if (task === undefined && taskFile === undefined) {
      context.stdout(formatFields(isJson, columns));
      return EXIT.ok;
    }
    const { readConfigured } = await import('../setting-options.ts');
    const configured = readConfigured(typed, context);
    context.stdout(await formatValues({ task, taskFile }, configured, { isJson, columns }));
    return EXIT.ok;
  },
};
