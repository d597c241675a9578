// `vars`: list the variables that a template may use.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../common-options.ts';

export const varsCommand: Command = {
  name: 'vars',
  describe: 'List the variables of templates; with a task, their values',
  options: {
    task: { type: 'string', requiresArg: true, describe: 'The id of a task, for its values' },
    'task-file': {
      type: 'string',
      requiresArg: true,
      describe: 'A file with the task as tasks.get_by_id returns it; no server is needed',
    },
    queue: { type: 'array', string: true, describe: 'The queue that the task would go to' },
    json: { type: 'boolean', describe: 'Print JSON, values at full length' },
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const { printVariables } = await import('../deeds/print-variables.ts');
    return printVariables(typed, around);
  },
};
