// `cancel`: aborts a task.
import { EXIT } from '../../base/exit-codes.ts';
import { textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, TASK_ARGUMENT } from '../common-options.ts';

export const cancelCommand: Command = {
  name: 'cancel',
  argument: TASK_ARGUMENT,
  group: 'Run tasks',
  describe: 'Abort a task as the web page does; this cancels its Slurm job',
  examples: [
    { commandLine: 'cancel TASK', effect: 'Abort a task' },
    { commandLine: 'cancel 4711', effect: 'Abort the task of this Slurm job' },
  ],
  options: { ...CLUSTER_OPTIONS, ...COMMON_OPTIONS },
  async run(typed, context) {
    const { printResult } = await import('../print-output.ts');
    const { withApp } = await import('../with-app.ts');
    const { cancelTask } = await import('../../task-commands/cancel-task.ts');
    return withApp(typed, context, async (app) => {
      const { isCancelled, message } = await cancelTask(app, textOption(typed, 'task'));
      if (isCancelled) printResult(context, message);
      else context.stderr(message);
      return isCancelled ? EXIT.ok : EXIT.failed;
    });
  },
};
