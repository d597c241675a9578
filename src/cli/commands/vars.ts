// `vars`: lists the variables of templates.
import { EXIT } from '../../base/exit-codes.ts';
import { switchOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../common-options.ts';

export const varsCommand: Command = {
  name: 'vars',
  group: 'Write templates',
  describe: 'List the variables of templates; with --task, also their values',
  examples: [
    { commandLine: 'vars', effect: 'List all variables' },
    { commandLine: 'vars --task TASK', effect: 'List the variables and values of a task' },
  ],
  options: {
    task: { value: 'TASK', type: 'string', describe: 'Task id or a unique prefix of it, task name, or Slurm job id' },
    'task-file': {
      value: 'FILE',
      type: 'string',
      describe: 'JSON file with the task as tasks.get_by_id returns it; no server is needed',
    },
    queue: { value: 'QUEUE', type: 'array', describe: 'Queue of the task' },
    json: { type: 'boolean', describe: 'Print JSON, with complete values' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { formatFields, formatValues } = await import('../format-variables.ts');
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
