// `unit`: print a file that keeps the daemon running at this site.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const unitCommand: Command = {
  name: 'unit',
  positionals: '[kind]',
  argument: { usage: 'KIND', means: 'systemd, cron, scrontab, or slurm-job' },
  kinds: ['systemd', 'cron', 'scrontab', 'slurm-job'],
  group: 'Begin',
  describe: 'Print a ready file for systemd, cron, scrontab, or a Slurm job',
  examples: [
    { words: 'unit systemd --queue gpu --template-files gpu.template', does: 'A unit for systemd' },
    { words: 'unit cron --queue gpu --template-files gpu.template', does: 'A line for crontab' },
  ],
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Take from the queues in turn, not by priority' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { printUnit } = await import('../deeds/print-unit.ts');
    return printUnit(typed, context);
  },
};
