// Generates the tables of the pages about templates from the tables that the program uses.
import { markdownTable } from '../../src/base/text-table.ts';
import { fillTables } from './page-tables.ts';
import { FILTER_MEANINGS } from '../../src/sbatch-template/placeholders/filters.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import {
  READ_BY_JOB,
  SET_BY_JOB,
  type JobVariables,
} from '../../src/sbatch-template/job-script/job-variable-tables.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { HETEROGENEOUS_JOB, REFUSED_OPTIONS } from '../../src/sbatch-template/directives/sbatch-options.ts';
import type { Variables } from '../../src/sbatch-template/template.ts';
import { VARIABLE_MEANINGS } from '../../src/sbatch-template/placeholders/variables.ts';

/** The pages with these tables. */
export const TEMPLATE_PAGES: readonly string[] = ['templates.md', 'template-safety.md', 'job-script.md'];

/** Tables by the name in the comment that precedes each in the page. */
const TABLES: Readonly<Record<string, () => string>> = {
  variables: () =>
    markdownTable(
      ['variable', 'value'],
      VARIABLE_MEANINGS.map(({ name, meaning }) => [code(name), meaning]),
    ),
  filters: () =>
    markdownTable(
      ['filter', 'effect'],
      FILTER_MEANINGS.map(({ name, does }) => [code(name), does]),
    ),
  'quoting contexts': () =>
    markdownTable(
      ['quoting context', 'in the template', 'in the script'],
      CONTEXTS.map(({ context, lines }) => [
        context,
        ...[lines, renderLines(lines)].map((text) => code(shownLine(text))),
      ]),
    ),
  'read by the job': () => jobVariables(READ_BY_JOB),
  'set by the job': () => jobVariables(SET_BY_JOB),
  'refused options': () =>
    markdownTable(
      ['option or word', 'reason and remedy'],
      [
        ...REFUSED_OPTIONS.map(({ long, short, reason }) => [
          [`--${long}`, ...(short === undefined ? [] : [`-${short}`])].map(code).join(', '),
          reason,
        ]),
        [`${['hetjob', 'packjob'].map(code).join(', ')}, or ${code(':')} as a word`, HETEROGENEOUS_JOB],
      ],
    ),
  'exit codes': () =>
    markdownTable(
      ['exit code', 'meaning', 'remedy'],
      Object.values(JOB_EXIT_CODES)
        .toSorted((a, b) => a.code - b.code)
        .map(({ code: number, meaning, advice }) => [String(number), meaning, advice]),
    ),
};

/** The quoting contexts, each with lines of a template; if there are several lines, the second is shown. */
const CONTEXTS: readonly { readonly context: string; readonly lines: readonly string[] }[] = [
  { context: '`#SBATCH` line', lines: ['#SBATCH --comment=${CLEARML_TASK.name}'] },
  { context: 'unquoted', lines: ['echo ${CLEARML_TASK.name}'] },
  { context: 'double-quoted', lines: ['echo "task ${CLEARML_TASK.name}"'] },
  { context: 'single-quoted', lines: ["echo 'task ${CLEARML_TASK.name}'"] },
  { context: "`$'…'`", lines: ["echo $'task\\t${CLEARML_TASK.name}'"] },
  { context: 'default in `${x:-…}`', lines: ['echo "${title:-${CLEARML_TASK.name}}"'] },
  { context: 'here-document', lines: ['cat <<END', 'task ${CLEARML_TASK.name}', 'END'] },
  { context: 'quoted here-document', lines: ["cat <<'END'", 'task ${CLEARML_TASK.name}', 'END'] },
  { context: 'several words', lines: ['python3 train.py ${CLEARML_TASK.container.arguments}'] },
  { context: 're-evaluated text', lines: ['ssh login1 "mkdir -p /logs/${CLEARML_TASK.id}"'] },
  { context: 'arithmetic', lines: ['sleep $((60 * ${CLEARML_TASK.hyperparams.Args.minutes.value:5}))'] },
];

const SAMPLE: Variables = {
  queueName: 'gpu',
  queueId: '',
  workerId: '',
  task: { id: '0123abcd', name: "it's $5", container: { arguments: '--title "my run"' } },
  project: {},
  user: {},
  config: {},
};

/** Replaces the tables of one of these pages. @throws RangeError for an unknown table */
export function fillReference(page: string): string {
  return fillTables(page, TABLES);
}

/** Renders these lines for the sample task. */
function renderLines(lines: readonly string[]): string[] {
  const blocks = ['${CLEARML_PRE_SETUP}', '${CLEARML_AGENT_EXECUTE}', '${CLEARML_POST_SETUP}'];
  const template = parseTemplate(['#!/bin/bash', ...lines, ...blocks, ''].join('\n'), 'example');
  const { script } = template.render(SAMPLE, { preSetup: ':', agentExecute: ':', postSetup: ':' });
  return script.split('\n').slice(1, 1 + lines.length);
}

function shownLine(lines: readonly string[]): string {
  return lines[1] ?? lines[0] ?? '';
}

function jobVariables(table: readonly JobVariables[]): string {
  return markdownTable(
    ['variable', 'meaning'],
    table.map(({ names, meaning }) => [names.map(code).join(', '), meaning]),
  );
}

/** Text with backquotes would need more of them around it; no text here has any. */
function code(text: string): string {
  return `\`${text}\``;
}
