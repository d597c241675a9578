// docs/doctor.md: the checks as they stand in their tables.
import { markdownTable } from '../base/markdown-table.ts';
import { CLUSTER_CHECKS } from './cluster-checks.ts';
import { HERE_CHECKS } from './here-checks.ts';
import { NODE_CHECKS } from './node-checks.ts';

const HEAD = `# What doctor looks at

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

It ends with 1 when anything is in the way, else with 0. [Faults that it was seen to find](planted-faults.md).

<!-- This page is made from src/doctor/ by \`npm run docs\`. Change it there. -->
`;

const SECTIONS = [
  ['The configuration and the ClearML server', HERE_CHECKS],
  ['Each cluster', CLUSTER_CHECKS],
  ['A node, with `--on-node`', NODE_CHECKS],
] as const;

export function doctorPage(): string {
  const sections = SECTIONS.map(([title, checks]) => {
    const rows = checks.map(({ id, asks, fix }) => [`\`${id}\``, asks, `${fix}.`]);
    return `\n## ${title}\n\n${markdownTable(['check', 'what is asked', 'when it is in the way'], rows)}`;
  });
  return HEAD + sections.join('');
}
