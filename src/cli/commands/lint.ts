// `lint`: say what is wrong with templates, or may be, before a task meets it.
import type { Command } from '../command.ts';
import { CLUSTER_OPTIONS, COMMON_OPTIONS } from '../common-options.ts';

export const lintCommand: Command = {
  name: 'lint',
  positionals: '[templates..]',
  argument: { usage: '[TEMPLATE...]', means: 'Files (default: those of the configuration)' },
  group: 'Write templates',
  describe: 'Check templates: every fault with its line, why, and what to write',
  examples: [
    { words: 'lint gpu.template', does: 'Check one template' },
    { words: 'lint --strict --json', does: 'Check all of the configuration, for a program' },
  ],
  options: {
    strict: { type: 'boolean', describe: 'End with 1 for warnings too' },
    json: { type: 'boolean', describe: 'Print JSON' },
    ...CLUSTER_OPTIONS,
    ...COMMON_OPTIONS,
  },
  async run(typed, context) {
    const { lint } = await import('../deeds/lint.ts');
    return lint(typed, context);
  },
};
