// Generates docs/doctor.md and docs/lint.md, and the tables of docs/failures.md and docs/operating.md.
import { markdownTable } from '../src/base/markdown-table.ts';
import { EXIT_MEANINGS } from '../src/base/exit-codes.ts';
import { LOG_PATTERNS } from '../src/daemon/console/log-advice.ts';
import { CLUSTER_CHECKS } from '../src/doctor/cluster-checks.ts';
import { HERE_CHECKS } from '../src/doctor/here-checks.ts';
import { NODE_CHECKS } from '../src/doctor/node-checks.ts';
import { JOB_STATES } from '../src/slurm/job-state.ts';
import { RULES } from '../src/lint/rules.ts';
import { fillTables } from './page-tables.ts';

const DOCTOR_HEAD = `# What doctor looks at

    clearml-agent-slurm doctor
    clearml-agent-slurm doctor --queue gpu --template-files gpu.template --json

goes the way of a task before a task does, and says of each step whether it is good (✔), in the way (✘, with the one thing to do),
or does not apply, or could not be asked because of what stands above it (–). It takes the same options as the daemon, so that it
looks at what the daemon would use. Nothing is changed: no queue is made, no folder, no task is touched, and no job submitted.

    clearml-agent-slurm doctor --on-node --partition gpu

submits one job of one minute as well, \`clearml_doctor_…\`, which looks around on a node, and waits for what it tells: ten minutes
at most. Where a template makes containers, and it or \`agent.default_docker.image\` names an image, the job starts that one
and looks inside; it then has nine minutes, for the image may have to be pulled. Without \`--partition\` it goes to Slurm's default one where that takes your jobs, else to the first one that does, under the
account and QOS that it takes. It writes into the shared folder, else into the home folder, and the file is removed. Interrupted, doctor cancels the job.

It ends with 1 when anything is in the way, else with 0. [Faults that it detects](seeded-faults.md).

<!-- This page is made from src/doctor/ by \`npm run docs\`. Change it there. -->
`;

const DOCTOR_SECTIONS = [
  ['The configuration and the ClearML server', HERE_CHECKS],
  ['Each cluster', CLUSTER_CHECKS],
  ['A node, with `--on-node`', NODE_CHECKS],
] as const;

export function doctorPage(): string {
  const sections = DOCTOR_SECTIONS.map(([title, checks]) => {
    const rows = checks.map(({ id, asks, fix }) => [`\`${id}\``, asks, `${fix}.`]);
    return `\n## ${title}\n\n${markdownTable(['check', 'what is asked', 'when it is in the way'], rows)}`;
  });
  return DOCTOR_HEAD + sections.join('');
}

const LINT_HEAD = `# What lint looks for

    clearml-agent-slurm lint gpu.template cpu.template
    clearml-agent-slurm lint --strict --json gpu.template

reads templates as the daemon would, and tells every fault at once, each with file, line and column, the rule, why, and what to
write. It looks with \`bash -n\` and, where it is installed, \`shellcheck\`. Once the template can be rendered, it asks
\`sbatch --test-only\`, where Slurm is, about the job of a task that sets nothing; a line whose value only a task can tell is left
out of that. What could not be looked at is said on standard error. Without a template it takes those of the configuration.

It ends with 1 when there is an error, with \`--strict\` also when there is a warning, else with 0. A note is never counted.

A task whose template has an error fails before a job is submitted, or its job does something else than was meant. A template
without one, of which Slurm says nothing either, is one that sbatch takes. [Faults that the rules detect](seeded-faults.md).

<!-- This page is made from src/lint/ by \`npm run docs\`. Change it there. -->
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
    return `\n## ${title}\n\n${markdownTable(['rule', 'why', 'what to write'], rows)}`;
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
    .map(([state, meaning]) => [`\`${state}\``, `It ${meaning.says}.`, sentence(adviceOf(meaning))]);
  const logs = LOG_PATTERNS.map(({ cause: says, advice }) => [sentence(says.replace('$1', '…')), sentence(advice)]);
  return [
    `## How a job ends\n\n${markdownTable(['state', 'meaning', 'what to do'], ends)}`,
    'Exit code `0:53` means that the job could not write its output file; 126 and 127 are from bash, for a command of the template that',
    'is not executable or does not exist. [templates.md](templates.md#how-a-job-ends) has the exit codes of the job script itself.\n',
    '## Errors in the log\n',
    "When a task has failed, the console explains known messages at the end of its job's log:\n",
    markdownTable(['error', 'what to do'], logs),
  ].join('\n');
}

function adviceOf(meaning: { readonly says: string; readonly advice?: string }): string {
  return meaning.advice ?? '';
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The page with the table as it is now. @throws RangeError when the page has no place for it */
export function fillExitCodes(page: string): string {
  return fillTables(page, { 'exit codes': () => markdownTable(['exit code', 'meaning'], EXIT_MEANINGS) });
}
