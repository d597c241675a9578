// Without a subcommand: serve ClearML queues by submitting their tasks to Slurm.
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS } from '../common-options.ts';

export const daemonCommand: Command = {
  name: undefined,
  describe: 'Serve ClearML queues by submitting their tasks to Slurm',
  options: {
    ...QUEUE_OPTIONS,
    'order-fairness': { type: 'boolean', describe: 'Take from the queues in turn, not by priority' },
    'create-queue': { type: 'boolean', describe: 'Create queues that do not exist' },
    once: { type: 'boolean', describe: 'Do one round of everything, then exit' },
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const { serve } = await import('../deeds/serve.ts');
    return serve(typed, around);
  },
};
