// Generates docs/lint.md from the rules.
import { markdownTable } from '../../src/base/text-table.ts';
import { RULES } from '../../src/lint/lint-rules.ts';

const LINT_HEAD = `# What lint checks

    clearml-agent-slurm lint gpu.template cpu.template
    clearml-agent-slurm lint --strict --json gpu.template

\`lint\` reports all findings at once, each with file, line and column, the rule, the reason and the fix. Without arguments, it checks the
templates of the configuration.

It parses templates as the daemon does. It also runs \`bash -n\` and, if installed, \`shellcheck\`. If the template can be rendered and Slurm is
available, it runs \`sbatch --test-only\` for a task without user properties, without the lines that need a value from a task. Standard
error lists the checks that could not run.

The exit code is 1 if there is an error or, with \`--strict\`, a warning; otherwise 0. If a template has an error, its tasks fail before a job
is submitted, or their jobs do not do what you meant.

<!-- Generated from src/lint/ by \`npm run docs\`. Change it there. -->
`;

const LINT_SECTIONS: readonly (readonly [title: string, severity: string])[] = [
  ['Errors', 'error'],
  ['Warnings', 'warning'],
  ['Notes', 'note'],
];

export function lintPage(): string {
  const sections = LINT_SECTIONS.map(([title, wanted]) => {
    const rows = Object.entries(RULES)
      .filter(([, { severity }]) => severity === wanted)
      .map(([id, { why, write }]) => [`\`${id}\``, why, write]);
    return `\n## ${title}\n\n${markdownTable(['rule', 'reason', 'fix'], rows)}`;
  });
  return LINT_HEAD + sections.join('');
}
