// `logs`: prints the output of a task's Slurm job.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, numberOption, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, TASK_ARGUMENT } from '../common-options.ts';

const DEFAULT_LINES = 100;

export const logsCommand: Command = {
  name: 'logs',
  argument: TASK_ARGUMENT,
  group: 'Operate',
  describe: "Print the output of a task's Slurm job",
  examples: [
    { commandLine: 'logs TASK', effect: 'Print the last 100 lines' },
    { commandLine: 'logs 4711', effect: 'Print the output of a Slurm job' },
    { commandLine: 'logs TASK -n 500 --follow', effect: 'Print 500 lines, then new output until the job has ended' },
  ],
  options: {
    lines: {
      value: 'N',
      alias: 'n',
      type: 'string',
      describe: 'Print the last N lines (default: 100)',
    },
    follow: { alias: 'f', type: 'boolean', describe: 'Print new output until the job has ended' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { jobOutput } = await import('../print-output.ts');
    const { withApp } = await import('../with-app.ts');
    const { printJobLog } = await import('../../task-commands/print-job-log.ts');
    const lines = numberOption(typed, 'lines', 1) ?? DEFAULT_LINES;
    const follow = isOn(typed, 'follow');
    const print = (text: string): string => {
      const shown = jobOutput(context, text);
      context.stdout(shown);
      return shown;
    };
    return withApp(typed, context, async (app) => {
      const output = { stderr: context.stderr, print, endsLines: context.isTerminal, closed: context.stdoutClosed };
      const isPrinted = await printJobLog(app, { task: textOption(typed, 'task'), lines, follow }, output);
      return isPrinted ? EXIT.ok : EXIT.failed;
    });
  },
};
