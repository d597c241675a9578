// `logs`: what a task's Slurm job has written.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const logsCommand: Command = {
  name: 'logs',
  positionals: '[task]',
  describe: "Print what a task's Slurm job has written",
  options: {
    lines: { alias: 'n', type: 'string', requiresArg: true, describe: 'So many lines of its end (default 100)' },
    follow: { alias: 'f', type: 'boolean', describe: 'Go on printing until the job has ended' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const { printLog } = await import('../deeds/print-log.ts');
    return printLog(typed, around);
  },
};
