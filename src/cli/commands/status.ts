// `status`: how the tasks stand that are on their way through Slurm.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const statusCommand: Command = {
  name: 'status',
  group: 'Look and operate',
  describe: 'Show the tasks on their way through Slurm, and why each waits',
  examples: [
    { words: 'status', does: 'All tasks on their way' },
    { words: 'status --watch', does: 'Again and again, until Ctrl-C' },
    { words: 'status --json', does: 'For a program' },
  ],
  options: {
    watch: { type: 'boolean', describe: 'Look again and again, until Ctrl-C' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const { showStatus } = await import('../deeds/show-status.ts');
    return showStatus(typed, around);
  },
};
