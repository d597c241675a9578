// `audit`: prints the audit log of a task.
import { EXIT } from '../../base/exit-codes.ts';
import { isOn, textOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../common-options.ts';

export const auditCommand: Command = {
  name: 'audit',
  argument: { name: 'task', usage: 'TASK', means: 'Task id or a unique prefix of it, or Slurm job id' },
  group: 'Operate',
  describe: 'Print who submitted a task, what it requested, and who changed its status',
  examples: [
    { commandLine: 'audit TASK', effect: 'Print everything that the daemon did for a task' },
    { commandLine: 'audit 4711 --json', effect: 'Print the audit log of the task of a Slurm job' },
  ],
  options: {
    json: { type: 'boolean', describe: 'Print the JSON lines of the audit log' },
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { withApp } = await import('../with-app.ts');
    const { describeNoLines, findAuditLines } = await import('../../daemon/audit/read-audit.ts');
    const { escapeToOneLine } = await import('../../base/terminal-text.ts');
    const { auditText } = await import('../format-audit.ts');
    return withApp(typed, context, async (app) => {
      const task = textOption(typed, 'task');
      const lines = await findAuditLines(app, task);
      if (lines.length === 0) {
        context.stderr(describeNoLines(app, task ?? ''));
        return EXIT.failed;
      }
      const isJson = isOn(typed, 'json');
      context.stdout(
        isJson
          ? lines.map((line) => `${escapeToOneLine(JSON.stringify(line))}\n`).join('')
          : auditText(lines, context.terminalSize?.().columns),
      );
      return EXIT.ok;
    });
  },
};
