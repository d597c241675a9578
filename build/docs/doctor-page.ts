// Generates docs/doctor.md from the checks.
import { markdownTable } from '../../src/base/text-table.ts';
import { CHECKS } from '../../src/doctor/run-doctor.ts';

const DOCTOR_HEAD = `# What doctor checks

    clearml-agent-slurm doctor
    clearml-agent-slurm doctor --queue gpu --template-files gpu.template --json

\`doctor\` takes the daemon's options, checks each step that a task goes through, and changes nothing. A check has passed (✔), has failed (✘;
\`doctor\` then prints the fix), or was skipped (–), because it does not apply or an earlier check failed. The exit code is 1 if a check
failed, otherwise 0.

    clearml-agent-slurm doctor --on-node --partition gpu

also submits a job of one minute, \`clearml_doctor_…\`, which checks a node, and waits up to ten minutes for its results. If a template
runs containers, and the template or \`agent.default_docker.image\` names an image, the job also pulls and checks that image, and has nine
minutes. Without \`--partition\`, the job goes to Slurm's default partition, or to the first one that accepts your jobs. If you interrupt
\`doctor\`, it cancels the job.

<!-- Generated from src/doctor/ by \`npm run docs\`. Change it there. -->
`;

const DOCTOR_SECTIONS = [
  ['The configuration and the ClearML server', CHECKS.configuration],
  ['Each cluster', CHECKS.cluster],
  ['A node, with `--on-node`', CHECKS.node],
  ['A Unix user, with `--on-node --as USER`', CHECKS.user],
] as const;

export function doctorPage(): string {
  const sections = DOCTOR_SECTIONS.map(([title, checks]) => {
    const rows = checks.map(({ id, question }) => [`\`${id}\``, question]);
    return `\n## ${title}\n\n${markdownTable(['check', 'question'], rows)}`;
  });
  return DOCTOR_HEAD + sections.join('');
}
