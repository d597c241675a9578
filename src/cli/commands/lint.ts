// `lint`: checks templates.
import { EXIT } from '../../base/exit-codes.ts';
import { painter } from '../../base/terminal-text.ts';
import { isOn, listOption } from '../typed-options.ts';
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS, TEMPLATES_ARGUMENT } from '../common-options.ts';

export const lintCommand: Command = {
  name: 'lint',
  argument: TEMPLATES_ARGUMENT,
  group: 'Write templates',
  describe: 'Check templates for errors and likely mistakes',
  examples: [
    { commandLine: 'lint gpu.template', effect: 'Check one template' },
    { commandLine: 'lint --strict --json', effect: 'Check all templates of the configuration; print JSON' },
  ],
  options: {
    strict: { type: 'boolean', describe: 'Exit with code 1 also if there are only warnings' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { readConfigured } = await import('../setting-options.ts');
    const { lintFiles } = await import('../../lint/lint-template.ts');
    const { countFindings, formatFindings, formatLintJson, formatSummary } =
      await import('../../lint/format-findings.ts');
    const configured = readConfigured(typed, context);
    const { files, unchecked, unused } = await lintFiles(listOption(typed, 'templates'), configured);
    if (isOn(typed, 'json')) {
      context.stdout(formatLintJson(files, unchecked));
    } else {
      context.stdout(formatFindings(files, painter(context), context.terminalSize?.().columns));
      for (const sentence of unused) context.stderr(`${sentence}\n`);
      for (const sentence of unchecked) context.stderr(`Not checked: ${sentence}\n`);
      context.stderr(formatSummary(files));
    }
    const { errors, warnings } = countFindings(files);
    const isFailed = errors > 0 || (isOn(typed, 'strict') && warnings > 0);
    return isFailed ? EXIT.failed : EXIT.ok;
  },
};
