// Every fault that tests plant for lint and doctor to find, as one table, and its page for readers.
import { markdownTable } from '../../src/base/markdown-table.ts';
import { FAULTS_HERE } from '../doctor/faults-here.ts';
import { FAULTS_OF_CLUSTER, FAULTS_ON_NODE } from '../doctor/faults-of-cluster.ts';
import { FAULTS } from '../template/lint/faults.ts';
import { PROGRAM_FAULTS } from '../template/lint/program-faults.ts';

interface PlantedFault {
  readonly what: string;
  /** The rule of lint or the check of doctor that must find it, and no other. */
  readonly foundBy: string;
}

const TABLES: readonly { readonly title: string; readonly faults: readonly PlantedFault[] }[] = [
  { title: '`lint`, by reading', faults: FAULTS.map(ofTemplate) },
  { title: '`lint`, with bash, shellcheck and a real Slurm', faults: PROGRAM_FAULTS.map(ofTemplate) },
  { title: '`doctor`', faults: FAULTS_HERE.map(ofPlace) },
  { title: '`doctor`, of a real cluster', faults: FAULTS_OF_CLUSTER.map(ofPlace) },
  { title: '`doctor --on-node`, by a real job', faults: Object.values(FAULTS_ON_NODE).map(ofPlace) },
];

export const PLANTED_FAULTS: readonly PlantedFault[] = TABLES.flatMap(({ faults }) => faults);

/** What was written into the template is shown as it was; the rest is told in words. */
function ofTemplate({ what, rule, text }: { what: string; rule: string; text: string }): PlantedFault {
  const [written = ''] = what.trimEnd().split(' #SBATCH');
  return { what: text.includes(written) ? code(what) : what, foundBy: rule };
}

function ofPlace({ what, check }: { what: string; check: string }): PlantedFault {
  return { what, foundBy: check };
}

/** On one line, with what does not show made visible. */
function code(text: string): string {
  const visible = text
    .trimEnd()
    .replaceAll('\n', ' ⏎ ')
    .replaceAll('\t', '⇥')
    .replaceAll('\u0007', '␇')
    .replaceAll('`', "'");
  return `\`${visible}\``;
}

export function plantedFaultsPage(): string {
  const sections = TABLES.map(({ title, faults }) => {
    const rows = faults.map(({ what, foundBy }) => [what, `\`${foundBy}\``]);
    return `\n## ${title}\n\n${markdownTable(['planted', 'found by'], rows)}`;
  });
  return `# Faults that lint and doctor were seen to find

${PLANTED_FAULTS.length} faults are planted by the tests in what is clean otherwise: each must be found by the rule or the check beside it, and nothing
else may be. What the rules and checks are, and what to do: [lint.md](lint.md), [doctor.md](doctor.md). The examples, ClearML's
documented templates and those of a computing centre are looked at as well, and clusters of four releases of Slurm: no false alarm.

<!-- This page is made from test/ by \`npm run docs\`. Change it there. -->
${sections.join('')}`;
}
