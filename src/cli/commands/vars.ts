// `vars`: list the variables that a template may use.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../common-options.ts';

export const varsCommand: Command = {
  name: 'vars',
  group: 'Write templates',
  describe: 'List the variables of templates; with a task, their values',
  examples: [
    { words: 'vars', does: 'Every variable that a template may use' },
    { words: 'vars --task TASK', does: 'With the values of this task' },
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
    const { printVariables } = await import('../deeds/print-variables.ts');
    return printVariables(typed, context);
  },
};
