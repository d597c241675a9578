// Generates docs/lint.md from the rules.
import { markdownTable } from '../../src/base/text-table.ts';
import { RULES } from '../../src/lint/lint-rules.ts';

const LINT_HEAD = `# What lint checks

    clearml-agent-slurm lint gpu.template cpu.template
    clearml-agent-slurm lint --strict --json gpu.template

\`lint\` reports all findings at once, each with its line, the rule, the reason and the fix. Without arguments, it checks the templates of
the configuration. The exit code is 1 if there is an error or, with \`--strict\`, a warning; otherwise 0.

\`lint\` also runs \`bash -n\` and, if they are available, \`shellcheck\` and \`sbatch --test-only\`, the latter for a task without user
properties. Standard error lists the checks that could not run.

If a template has an error, its tasks fail before a job is submitted, or their jobs do not do what you meant.

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
      .map(([id, { why }]) => [`\`${id}\``, why]);
    return `\n## ${title}\n\n${markdownTable(['rule', 'reason'], rows)}`;
  });
  return LINT_HEAD + sections.join('');
}
