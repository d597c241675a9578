// `render`: print the script that a task would become, and submit nothing.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const renderCommand: Command = {
  name: 'render',
  group: 'Write templates',
  describe: 'Print the script that a task would become; submit nothing',
  examples: [
    { words: 'render --template-files gpu.template --task TASK', does: 'The script of a task of the server' },
    {
      words: 'render --template-files gpu.template --task-file task.json',
      does: 'Of one in a file',
    },
  ],
  options: {
    ...QUEUE_OPTIONS,
    task: {
      value: 'TASK',
      type: 'string',
      describe: 'The task: its id or the beginning of it, its name, or its job number',
    },
    'task-file': {
      value: 'FILE',
      type: 'string',
      describe: 'A file with the task as tasks.get_by_id returns it; no server is needed',
    },
    origins: { type: 'boolean', describe: 'Tell on standard error where each value came from' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { printScript } = await import('../deeds/print-script.ts');
    return printScript(typed, context);
  },
};
