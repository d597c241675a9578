// `execute`: run one task as a Slurm job now, without a daemon, and follow it to its end.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, MODE_OPTIONS } from '../common-options.ts';

export const executeCommand: Command = {
  name: 'execute',
  describe: 'Run one task as a Slurm job, without a daemon, and follow it',
  options: {
    id: { type: 'string', requiresArg: true, describe: 'The task' },
    template: { type: 'string', requiresArg: true, describe: "The template of its job (default: its queue's)" },
    queue: {
      type: 'string',
      requiresArg: true,
      describe: 'Enqueue it there first; it returns there when Slurm is full',
    },
    clone: { type: 'boolean', describe: 'Run a copy of the task' },
    container: { type: 'string', requiresArg: true, describe: "Set the task's container image first" },
    'create-queue': { type: 'boolean', describe: 'Create the queue if it does not exist' },
    ...MODE_OPTIONS,
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const { execute } = await import('../deeds/execute.ts');
    return execute(typed, around);
  },
};
