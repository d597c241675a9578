// `vars`: list the variables that a template may use.
import { EXIT } from '../../base/exit-codes.ts';
import { switchOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../common-options.ts';

export const varsCommand: Command = {
  name: 'vars',
  group: 'Write templates',
  describe: 'List the variables of templates; with a task, their values',
  examples: [
    { commandLine: 'vars', effect: 'Every variable that a template may use' },
    { commandLine: 'vars --task TASK', effect: 'With the values of this task' },
  ],
  options: {
    task: { value: 'TASK', type: 'string', describe: 'The id of a task, for its values' },
    'task-file': {
      value: 'FILE',
      type: 'string',
      describe: 'A file with the task as tasks.get_by_id returns it; no server is needed',
    },
    queue: { value: 'QUEUE', type: 'array', describe: 'The queue that the task would go to' },
    json: { type: 'boolean', describe: 'Print JSON, values at full length' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { formatFields, formatValues } = await import('../variables-table.ts');
    const isJson = switchOption(typed, 'json') ?? false;
    const columns = context.terminalSize?.().columns;
    const task = textOption(typed, 'task');
    const taskFile = textOption(typed, 'task-file');
    if (task === undefined && taskFile === undefined) {
      context.stdout(formatFields(isJson, columns));
      return EXIT.ok;
    }
    const { commonOptions, readConfigured } = await import('../setting-options.ts');
    const options = { ...commonOptions(typed), task, taskFile };
    context.stdout(await formatValues(options, readConfigured(typed, context), { isJson, columns }));
    return EXIT.ok;
  },
};
