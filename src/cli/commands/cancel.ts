// `cancel`: abort a task, as the web page does.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const cancelCommand: Command = {
  name: 'cancel',
  positionals: '[task]',
  argument: { usage: 'TASK', means: 'Its id or the beginning of it, its name, or the number of its Slurm job' },
  group: 'Run tasks',
  describe: 'Abort a task, as the web page does; its Slurm job ends with it',
  examples: [
    { words: 'cancel TASK', does: 'Abort this task' },
    { words: 'cancel 4711', does: 'Abort the task of this Slurm job' },
  ],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { cancel } = await import('../deeds/cancel.ts');
    return cancel(typed, context);
  },
};
