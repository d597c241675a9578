// Generates docs/doctor.md and docs/lint.md, and the tables of docs/failures.md and docs/operating.md.
import { markdownTable } from '../src/base/markdown-table.ts';
import { EXIT_MEANINGS } from '../src/base/exit-codes.ts';
import { LOG_PATTERNS } from '../src/daemon/console/log-advice.ts';
import { CHECKS } from '../src/doctor/checks.ts';
import { JOB_STATES } from '../src/slurm/job-state.ts';
import { RULES } from '../src/lint/rules.ts';
import { fillTables } from './page-tables.ts';

const DOCTOR_HEAD = `# What doctor checks

    clearml-agent-slurm doctor
    clearml-agent-slurm doctor --queue gpu --template-files gpu.template --json

\`doctor\` checks each step that a task goes through. A check has passed (✔), failed (✘, with a fix), or was skipped (–), because it does
not apply or an earlier check failed. \`doctor\` takes the daemon's options, so that it checks what the daemon would use. It changes
nothing: it creates no queue and no directory, changes no task, and submits no job.

    clearml-agent-slurm doctor --on-node --partition gpu

also submits a job of one minute, \`clearml_doctor_…\`, which checks a node, and waits up to ten minutes for its results. If a template
runs containers, and the template or \`agent.default_docker.image\` names an image, the job also checks that image. It then has nine
minutes, because it may have to pull the image. Without \`--partition\` the job goes to Slurm's default partition, or to the
first one that accepts your jobs, under an account and QOS that it accepts. The results are written to the shared directory, or to the
home directory, and removed. If you interrupt doctor, it cancels the job.

The exit code is 1 if a check failed, otherwise 0. [seeded-faults.md](seeded-faults.md) lists faults that doctor detects.

<!-- Generated from src/doctor/ by \`npm run docs\`. Change it there. -->
`;

const DOCTOR_SECTIONS = [
  ['The configuration and the ClearML server', CHECKS.configuration],
  ['Each cluster', CHECKS.cluster],
  ['A node, with `--on-node`', CHECKS.node],
] as const;

export function doctorPage(): string {
  const sections = DOCTOR_SECTIONS.map(([title, checks]) => {
    const rows = checks.map(({ id, question: asks, fix }) => [`\`${id}\``, asks, `${fix}.`]);
    return `\n## ${title}\n\n${markdownTable(['check', 'question', 'fix'], rows)}`;
  });
  return DOCTOR_HEAD + sections.join('');
}

const LINT_HEAD = `# What lint checks

    clearml-agent-slurm lint gpu.template cpu.template
    clearml-agent-slurm lint --strict --json gpu.template

\`lint\` parses templates as the daemon does, and reports all findings at once, each with file, line and column, the rule, the reason
and the fix. It also runs \`bash -n\` and, if installed, \`shellcheck\`. If the template can be rendered and Slurm is available, it runs
\`sbatch --test-only\` for a task without user properties, without the lines that need a value from a task. Checks that could not run
are listed on standard error. Without arguments, lint checks the templates of the configuration.

The exit code is 1 if there is an error or, with \`--strict\`, a warning; otherwise 0. Notes do not count.

If a template has an error, its tasks fail before a job is submitted, or their jobs do not do what you meant.
[seeded-faults.md](seeded-faults.md) lists faults that the rules detect.

<!-- Generated from src/lint/ by \`npm run docs\`. Change it there. -->
`;

const LINT_SECTIONS: readonly (readonly [title: string, severity: string])[] = [
  ['Errors', 'error'],
  ['Warnings', 'warning'],
  ['Notes', 'note'],
];

export function rulesPage(): string {
  const sections = LINT_SECTIONS.map(([title, wanted]) => {
    const rows = Object.entries(RULES)
      .filter(([, { severity }]) => severity === wanted)
      .map(([id, { why, write }]) => [`\`${id}\``, why, write]);
    return `\n## ${title}\n\n${markdownTable(['rule', 'reason', 'fix'], rows)}`;
  });
  return LINT_HEAD + sections.join('');
}

/** The page with its tables as they are now. @throws RangeError when the page has no place for them */
export function fillFailureTables(page: string): string {
  return fillTables(page, { 'ends and logs': failureTables });
}

function failureTables(): string {
  const ends = Object.entries(JOB_STATES)
    .filter(([, { live }]) => !live)
    .map(([state, row]) => [`\`${state}\``, sentence(row.meaning), sentence(adviceOf(row))]);
  const logs = LOG_PATTERNS.map(({ cause, advice }) => [
    sentence(cause.replace(' ($1)', '').replace('$1', 'NAME')),
    sentence(advice),
  ]);
  // Several patterns may have the same cause.
  const distinct = [...new Map(logs.map((row) => [row.join(), row])).values()];
  return [
    `## How a job ends\n\n${markdownTable(['state', 'meaning', 'what to do'], ends)}`,
    'Exit code `0:53` means that the job could not write its output file. Bash exits with 126 if a command of the template is not',
    'executable, and with 127 if it does not exist. [templates.md](templates.md#how-a-job-ends) lists the exit codes of the job script.\n',
    '## Errors in the log\n',
    "When a task has failed, the console explains any of these errors that it finds in the last lines of the job's log:\n",
    markdownTable(['error', 'what to do'], distinct),
  ].join('\n');
}

function adviceOf(row: { readonly meaning: string; readonly advice?: string }): string {
  return row.advice ?? '';
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The page with the table as it is now. @throws RangeError when the page has no place for it */
export function fillExitCodes(page: string): string {
  return fillTables(page, { 'exit codes': () => markdownTable(['exit code', 'meaning'], EXIT_MEANINGS) });
}
