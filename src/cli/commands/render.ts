// `render`: prints the job script of a task without submitting it.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS, TASK_OPTIONS, PROGRAM } from '../common-options.ts';

export const renderCommand: Command = {
  name: 'render',
  group: 'Write templates',
  describe: 'Print the job script of a task without submitting it',
  examples: [
    { commandLine: 'render --template-files gpu.template --task TASK', effect: 'Render a task of the server' },
    {
      commandLine: 'render --template-files gpu.template --task-file task.json',
      effect: 'Render a task from a file',
    },
  ],
  options: {
    ...QUEUE_OPTIONS,
    ...TASK_OPTIONS,
    origins: { type: 'boolean', describe: 'Print the origin of each value to standard error' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { renderScript } = await import('../../task-commands/preview-job-script.ts');
    const configured = readConfigured(typed, context);
    for (const warning of configured.config.warnings) context.stderr(`${PROGRAM}: ${warning}\n`);
    const options = { task: textOption(typed, 'task'), taskFile: textOption(typed, 'task-file') };
    const { script, uses, notes } = await renderScript(options, configured);
    for (const note of notes) context.stderr(`${PROGRAM}: ${note}\n`);
    context.stdout(script);
    if (isOn(typed, 'origins')) {
      const { formatOrigins } = await import('../../sbatch-template/placeholders/origins-table.ts');
      context.stderr(formatOrigins(uses));
    }
    return EXIT.ok;
  },
};
