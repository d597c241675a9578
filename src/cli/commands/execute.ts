// `execute`: run one task as a Slurm job now, without a daemon, and follow it to its end.
import { EXIT } from '../../base/exit-codes.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { switchOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, MODE_OPTIONS } from '../common-options.ts';

export const executeCommand: Command = {
  name: 'execute',
  group: 'Run tasks',
  describe: 'Run one task as a Slurm job, without a daemon, and follow it',
  examples: [
    {
      commandLine: 'execute --id TASK --template gpu.template',
      effect: 'Run this task now, and end with its exit code',
    },
    {
      commandLine: 'execute --id TASK --queue gpu --clone',
      effect: 'Run a copy of it, with the template of the queue',
    },
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
    const { jobOutput } = await import('../output.ts');
    const { withApp } = await import('../with-app.ts');
    const { executeAgain } = await import('../execute-again.ts');
    const { executeTask } = await import('../../tasks/execute-task.ts');
    const options = {
      id: textOption(typed, 'id'),
      queue: textOption(typed, 'queue'),
      template: textOption(typed, 'template'),
      container: textOption(typed, 'container'),
      createQueue: switchOption(typed, 'create-queue') === true,
      clone: switchOption(typed, 'clone') === true,
      commandFor: (task: TaskId, change = {}) => executeAgain({ ...typed, ...change }, task),
      print: (text: string) => context.stdout(jobOutput(context, text)),
    };
    // `--queue` names the queue of the task, not the queues to serve. The console of the task is shown, hence few log lines.
    const end = await withApp({ ...typed, queue: undefined }, context, (app) => executeTask(app, options), 'warn');
    if (!end.isOver) return EXIT.tryAgain;
    return end.isCompleted ? EXIT.ok : (end.exitCode ?? EXIT.failed);
  },
};
