// `logs`: what a task's Slurm job has written.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const logsCommand: Command = {
  name: 'logs',
  positionals: '[task]',
  argument: { usage: 'TASK', means: 'Its id or the beginning of it, its name, or the number of its Slurm job' },
  group: 'Look and operate',
  describe: "Print what a task's Slurm job has written",
  examples: [
    { words: 'logs TASK', does: 'The last 100 lines' },
    { words: 'logs 4711', does: 'Of the task of this Slurm job' },
    { words: 'logs TASK -n 500 --follow', does: 'More of them, and what comes until the job has ended' },
  ],
  options: {
    lines: {
      value: 'N',
      alias: 'n',
      type: 'string',
      describe: 'So many lines of its end (default: 100)',
    },
    follow: { alias: 'f', type: 'boolean', describe: 'Go on printing until the job has ended' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { printLog } = await import('../deeds/print-log.ts');
    return printLog(typed, context);
  },
};
