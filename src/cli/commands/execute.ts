// `execute`: run one task as a Slurm job now, without a daemon, and follow it to its end.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, MODE_OPTIONS } from '../common-options.ts';

export const executeCommand: Command = {
  name: 'execute',
  group: 'Run tasks',
  describe: 'Run one task as a Slurm job, without a daemon, and follow it',
  examples: [
    { words: 'execute --id TASK --template gpu.template', does: 'Run this task now, and end with its exit code' },
    { words: 'execute --id TASK --queue gpu --clone', does: 'Run a copy of it, with the template of the queue' },
  ],
  options: {
    id: {
      value: 'TASK',
      type: 'string',
      describe: 'The task: its id or the beginning of it, its name, or its job number',
    },
    template: {
      value: 'FILE',
      type: 'string',
      describe: "The template of its job (default: its queue's)",
    },
    queue: {
      value: 'QUEUE',
      type: 'string',
      describe: 'Enqueue it there first; it returns there when Slurm is full',
    },
    clone: { type: 'boolean', describe: 'Run a copy of the task' },
    container: { value: 'IMAGE', type: 'string', describe: "Set the task's container image first" },
    'create-queue': { type: 'boolean', describe: 'Create the queue if it does not exist' },
    ...MODE_OPTIONS,
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
    // What becomes of the task is in its console, which is shown.
    'log-level': { ...COMMON_OPTIONS['log-level'], describe: 'How much is logged, by default warn' },
  },
  async run(typed, context) {
    const { execute } = await import('../deeds/execute.ts');
    return execute(typed, context);
  },
};
