// The tables of docs/templates.md, made from the tables that the program goes by, and examples made by the program itself.
import { markdownTable } from '../base/markdown-table.ts';
import { fillTables } from '../base/page-tables.ts';
import { FILTER_MEANINGS } from './filters.ts';
import { JOB_EXIT_CODES } from './job-exit-codes.ts';
import { READ_BY_JOB, SET_BY_JOB, type JobVariables } from './job-variables.ts';
import { parseTemplate } from './parse-template.ts';
import { HETEROGENEOUS_JOB, REFUSED_OPTIONS } from './refused-directives.ts';
import type { Variables } from './template.ts';
import { VARIABLE_MEANINGS } from './variables.ts';

/** By the name that stands in the page's comment in front of the table. */
const TABLES: Readonly<Record<string, () => string>> = {
  variables: () =>
    markdownTable(
      ['name', 'stands for', 'origin'],
      VARIABLE_MEANINGS.map(({ name, meaning, origin }) => [code(name), meaning, origin]),
    ),
  filters: () =>
    markdownTable(
      ['filter', 'does'],
      FILTER_MEANINGS.map(({ name, does }) => [code(name), does]),
    ),
  places: () =>
    markdownTable(
      ['place', 'in the template', 'in the script'],
      PLACES.map(({ place, lines }) => [place, ...[lines, renderLines(lines)].map((text) => code(shownLine(text)))]),
    ),
  'read by the job': () => jobVariables(READ_BY_JOB),
  'set by the job': () => jobVariables(SET_BY_JOB),
  'refused options': () =>
    markdownTable(
      ['option', 'why, and what to do'],
      [
        ...REFUSED_OPTIONS.map(({ long, short, reason }) => [
          [`--${long}`, ...(short === undefined ? [] : [`-${short}`])].map(code).join(', '),
          reason,
        ]),
        [['hetjob', 'packjob', ':'].map(code).join(', '), HETEROGENEOUS_JOB],
      ],
    ),
  'exit codes': () =>
    markdownTable(
      ['code', 'means', 'what to do'],
      Object.values(JOB_EXIT_CODES).map(({ code: number, says, advice }) => [String(number), says, advice]),
    ),
};

/** Where a value may stand, and lines of a template in which it does: of several, the second. */
const PLACES: readonly { readonly place: string; readonly lines: readonly string[] }[] = [
  { place: '`#SBATCH` line', lines: ['#SBATCH --comment=${CLEARML_TASK.name}'] },
  { place: 'bare', lines: ['echo ${CLEARML_TASK.name}'] },
  { place: 'in double quotes', lines: ['echo "task ${CLEARML_TASK.name}"'] },
  { place: 'in single quotes', lines: ["echo 'task ${CLEARML_TASK.name}'"] },
  { place: "in `$'…'`", lines: ["echo $'task\\t${CLEARML_TASK.name}'"] },
  { place: 'in the word of `${x:-…}`', lines: ['echo "${title:-${CLEARML_TASK.name}}"'] },
  { place: 'in a here-document', lines: ['cat <<END', 'task ${CLEARML_TASK.name}', 'END'] },
  { place: 'in a quoted here-document', lines: ["cat <<'END'", 'task ${CLEARML_TASK.name}', 'END'] },
  { place: 'several words', lines: ['python3 train.py ${CLEARML_TASK.container.arguments}'] },
  { place: 'read a second time', lines: ['ssh login1 "mkdir -p /logs/${CLEARML_TASK.id}"'] },
  { place: 'arithmetic', lines: ['sleep $((60 * ${CLEARML_TASK.hyperparams.Args.minutes.value:5}))'] },
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

/** docs/templates.md with its tables as they are now. @throws RangeError for a table that is not known */
export function fillReference(page: string): string {
  return fillTables(page, TABLES);
}

/** What becomes of these lines for the sample task. */
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

/** A text with backquotes in it would need more of them around it: none of ours has any. */
function code(text: string): string {
  return `\`${text}\``;
}
