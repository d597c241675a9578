// docs/lint.md: the rules as they stand in their table.
import { markdownTable } from '../../base/markdown-table.ts';
import { RULES } from './rules.ts';

const HEAD = `# What lint looks for

    clearml-agent-slurm lint gpu.template cpu.template
    clearml-agent-slurm lint --strict --json gpu.template

reads templates as the daemon would, and tells every fault at once, each with file, line and column, the rule, why, and what to
write. It looks with \`bash -n\` and, where it is installed, \`shellcheck\`. Once the template can be rendered, it asks
\`sbatch --test-only\`, where Slurm is, about the job of a task that sets nothing; a line whose value only a task can tell is left
out of that. What could not be looked at is said on standard error. Without a template it takes those of the configuration.

It ends with 1 when there is an error, with \`--strict\` also when there is a warning, else with 0. A note is never counted.

A task whose template has an error fails before a job is submitted, or its job does something else than was meant. A template
without one, of which Slurm says nothing either, is one that sbatch takes. [Faults that the rules were seen to find](planted-faults.md).

<!-- This page is made from src/template/lint/ by \`npm run docs\`. Change it there. -->
`;

const SECTIONS: readonly (readonly [title: string, severity: string])[] = [
  ['Errors', 'error'],
  ['Warnings', 'warning'],
  ['Notes', 'note'],
];

export function rulesPage(): string {
  const sections = SECTIONS.map(([title, wanted]) => {
    const rows = Object.entries(RULES)
      .filter(([, { severity }]) => severity === wanted)
      .map(([id, { why, write }]) => [`\`${id}\``, why, write]);
    return `\n## ${title}\n\n${markdownTable(['rule', 'why', 'what to write'], rows)}`;
  });
  return HEAD + sections.join('');
}
