// `status`: how the tasks stand that wait, are on their way through Slurm, or have ended lately.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const statusCommand: Command = {
  name: 'status',
  group: 'Look and operate',
  describe: 'Show the tasks that wait, are on their way through Slurm, or have ended lately',
  examples: [
    { words: 'status', does: 'All tasks on their way' },
    { words: 'status --watch', does: 'Again and again, until Ctrl-C' },
    { words: 'status --watch 2 --since 1d', does: 'Every 2 s, with all that has ended since yesterday' },
    { words: 'status --json', does: 'For a program' },
  ],
  options: {
    watch: {
      value: '[SECONDS]',
      type: 'string',
      isBare: true,
      describe: 'Look again and again, until Ctrl-C (default: as often as the daemon looks at Slurm)',
    },
    since: {
      value: 'TIME',
      type: 'string',
      describe: 'How far back tasks that have ended are shown, such as 30m, 2h or 3d (default: 1h)',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { showStatus } = await import('../deeds/show-status.ts');
    return showStatus(typed, context);
  },
};
