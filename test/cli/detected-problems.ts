// All problems that lint and doctor must detect, as one table, and their page in docs/.
import { markdownTable } from '../../src/base/text-table.ts';
import { SETUP_PROBLEMS } from '../doctor/setup-problems.ts';
import { CLUSTER_PROBLEMS, NODE_PROBLEMS } from '../doctor/cluster-problems.ts';
import { TEMPLATE_PROBLEMS } from '../lint/template-problems.ts';
import { PROBLEMS_FOUND_BY_PROGRAMS } from '../lint/problems-found-by-programs.ts';

interface DetectedProblem {
  readonly what: string;
  /** The only rule of lint or check of doctor that must detect it. */
  readonly foundBy: string;
}

const TABLES: readonly { readonly title: string; readonly problems: readonly DetectedProblem[] }[] = [
  { title: '`lint`, from the text alone', problems: TEMPLATE_PROBLEMS.map(ofTemplate) },
  { title: '`lint`, with bash, shellcheck and a real Slurm', problems: PROBLEMS_FOUND_BY_PROGRAMS.map(ofTemplate) },
  { title: '`doctor`', problems: SETUP_PROBLEMS.map(ofDoctor) },
  { title: '`doctor`, on a real cluster', problems: CLUSTER_PROBLEMS.map(ofDoctor) },
  { title: '`doctor --on-node`, in a real job', problems: Object.values(NODE_PROBLEMS).map(ofDoctor) },
];

export const DETECTED_PROBLEMS: readonly DetectedProblem[] = TABLES.flatMap(({ problems }) => problems);

/** Text from the template is shown as code, a description as it is. */
function ofTemplate({ what, rule, text }: { what: string; rule: string; text: string }): DetectedProblem {
  const [written = ''] = what.trimEnd().split(' #SBATCH');
  return { what: text.includes(written) ? code(what) : what, foundBy: rule };
}

function ofDoctor({ what, check }: { what: string; check: string }): DetectedProblem {
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

export function detectedProblemsPage(): string {
  const sections = TABLES.map(({ title, problems }) => {
    const rows = problems.map(({ what, foundBy }) => [what, `\`${foundBy}\``]);
    return `\n## ${title}\n\n${markdownTable(['problem', 'detected by'], rows)}`;
  });
  return `# Problems that lint and doctor detect

The tests put each of these ${DETECTED_PROBLEMS.length} problems into clean input. The rule of [lint](../lint.md) or check of [doctor](../doctor.md) beside it must
report it, and no other may. They report nothing on the examples, ClearML's documented templates, those of a computing center, and clusters
of four Slurm releases.

<!-- Generated from test/ by \`npm run docs\`. Change it there. -->
${sections.join('')}`;
}
