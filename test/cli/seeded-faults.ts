// All faults that tests seed for lint and doctor to detect, as one table, and their page in docs/.
import { markdownTable } from '../../src/base/markdown-table.ts';
import { FAULTS_HERE } from '../doctor/faults-here.ts';
import { FAULTS_OF_CLUSTER, FAULTS_ON_NODE } from '../doctor/faults-of-cluster.ts';
import { FAULTS } from '../lint/faults.ts';
import { PROGRAM_FAULTS } from '../lint/program-faults.ts';

interface SeededFault {
  readonly what: string;
  /** The only rule of lint or check of doctor that must detect it. */
  readonly foundBy: string;
}

const TABLES: readonly { readonly title: string; readonly faults: readonly SeededFault[] }[] = [
  { title: '`lint`, from the text alone', faults: FAULTS.map(ofTemplate) },
  { title: '`lint`, with bash, shellcheck and a real Slurm', faults: PROGRAM_FAULTS.map(ofTemplate) },
  { title: '`doctor`', faults: FAULTS_HERE.map(toSeededFault) },
  { title: '`doctor`, on a real cluster', faults: FAULTS_OF_CLUSTER.map(toSeededFault) },
  { title: '`doctor --on-node`, in a real job', faults: Object.values(FAULTS_ON_NODE).map(toSeededFault) },
];

export const SEEDED_FAULTS: readonly SeededFault[] = TABLES.flatMap(({ faults }) => faults);

/** Text from the template is shown as code, a description as it is. */
function ofTemplate({ what, rule, text }: { what: string; rule: string; text: string }): SeededFault {
  const [written = ''] = what.trimEnd().split(' #SBATCH');
  return { what: text.includes(written) ? code(what) : what, foundBy: rule };
}

function toSeededFault({ what, check }: { what: string; check: string }): SeededFault {
  return { what, foundBy: check };
}

/** One line, with invisible characters made visible. */
function code(text: string): string {
  const visible = text
    .trimEnd()
    .replaceAll('\n', ' ⏎ ')
    .replaceAll('\t', '⇥')
    .replaceAll('\u0007', '␇')
    .replaceAll('`', "'");
  return `\`${visible}\``;
}

export function seededFaultsPage(): string {
  const sections = TABLES.map(({ title, faults }) => {
    const rows = faults.map(({ what, foundBy }) => [what, `\`${foundBy}\``]);
    return `\n## ${title}\n\n${markdownTable(['fault', 'detected by'], rows)}`;
  });
  return `# Faults that lint and doctor detect

The tests seed ${SEEDED_FAULTS.length} faults into clean input, one at a time. The rule or check named beside each fault must detect it, and no other may
report anything. [lint.md](lint.md) and [doctor.md](doctor.md) explain the rules and checks. The tests also make sure that there is no false
alarm on the examples, ClearML's documented templates, those of a computing center, and clusters of four Slurm releases.

<!-- Generated from test/ by \`npm run docs\`. Change it there. -->
${sections.join('')}`;
}
