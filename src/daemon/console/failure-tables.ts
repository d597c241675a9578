// The tables of docs/failures.md that are made from the source: how a job ends, and what a log tells.
import { markdownTable } from '../../base/markdown-table.ts';
import { fillTables } from '../../base/page-tables.ts';
import { JOB_STATES } from '../../slurm/job-state.ts';
import { LOG_TROUBLES } from './log-advice.ts';

/** The page with its tables as they are now. @throws RangeError when the page has no place for them */
export function fillFailureTables(page: string): string {
  return fillTables(page, { 'ends and logs': tables });
}

function tables(): string {
  const ends = Object.entries(JOB_STATES)
    .filter(([, { live }]) => !live)
    .map(([state, meaning]) => [`\`${state}\``, `It ${meaning.says}.`, sentence(adviceOf(meaning))]);
  const logs = LOG_TROUBLES.map(({ says, advice }) => [sentence(says.replace('$1', '…')), sentence(advice)]);
  return [
    `## How a job ends\n\n${markdownTable(['state', 'what it means', 'what to do'], ends)}`,
    "A job that ends with `0:53` could not write its output file; 126 and 127 are bash's, for a command of the template that can not be",
    'run or is not there. The exit codes of the job script itself are in [templates.md](templates.md#how-a-job-ends).\n',
    '## What the end of a log tells\n',
    "When a task has failed, known words at the end of its job's log are explained in the console:\n",
    markdownTable(['what', 'what to do'], logs),
  ].join('\n');
}

function adviceOf(meaning: { readonly says: string; readonly advice?: string }): string {
  return meaning.advice ?? '';
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
