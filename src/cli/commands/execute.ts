// `execute`: runs one task as a Slurm job without a daemon.
import { EXIT } from '../../base/exit-codes.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, MODE_OPTIONS, TASK_OPTIONS } from '../common-options.ts';

export const executeCommand: Command = {
  name: 'execute',
  group: 'Run tasks',
  describe: 'Run one task as a Slurm job without a daemon, and wait for its end',
  examples: [
    {
      commandLine: 'execute --id TASK --template gpu.template',
      effect: 'Run a task now; exit with its exit code',
    },
    {
      commandLine: 'execute --id TASK --queue gpu --clone',
      effect: 'Run a copy of the task with the template of the queue',
    },
  ],
  options: {
    id: TASK_OPTIONS.task,
    template: {
      value: 'FILE',
      type: 'string',
      describe: 'Template of the job (default: the template of the queue)',
    },
    queue: {
      value: 'QUEUE',
      type: 'string',
      describe: 'Enqueue the task in this queue first; if Slurm accepts no more jobs, the task returns to this queue',
    },
    clone: { type: 'boolean', describe: 'Run a copy of the task' },
    container: { value: 'IMAGE', type: 'string', describe: 'Set this container image in the task before it runs' },
    'create-queue': { type: 'boolean', describe: 'Create the queue if it does not exist' },
    ...MODE_OPTIONS,
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
    // The console of the task is printed; it tells the progress.
    'log-level': { ...COMMON_OPTIONS['log-level'], describe: 'Log level (default: warn)' },
  },
  async run(typed, context) {
    const { jobOutput } = await import('../print-output.ts');
    const { withApp } = await import('../with-app.ts');
    const { commandToTrackAgain } = await import('../setting-options.ts');
    const { executeTask } = await import('../../execute/execute-task.ts');
    const options = {
      id: textOption(typed, 'id'),
      queue: textOption(typed, 'queue'),
      template: textOption(typed, 'template'),
      container: textOption(typed, 'container'),
      createQueue: isOn(typed, 'create-queue'),
      clone: isOn(typed, 'clone'),
      commandFor: (task: TaskId, change = {}) => commandToTrackAgain({ ...typed, ...change }, task),
      print: (text: string) => context.stdout(jobOutput(context, text)),
    };
    // `--queue` names the queue of the task, not the queues to serve. The console of the task is shown, hence few log lines.
    const end = await withApp({ ...typed, queue: undefined }, context, (app) => executeTask(app, options), 'warn');
    if (!end.isOver) return EXIT.tryAgain;
    return end.isCompleted ? EXIT.ok : (end.exitCode ?? EXIT.failed);
  },
};
