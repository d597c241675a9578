// Generates the table of docs/failures.md from the job states.
import { markdownTable } from '../../src/base/text-table.ts';
import { JOB_STATES } from '../../src/slurm/job-state.ts';
import { fillTables } from './page-tables.ts';

/** The page with its table as it is now. @throws RangeError when the page has no place for it */
export function fillFailureTable(page: string): string {
  return fillTables(page, { 'ends of jobs': endsOfJobs });
}

function endsOfJobs(): string {
  const ends = Object.entries(JOB_STATES).flatMap(([state, row]) =>
    'advice' in row ? [[`\`${state}\``, sentence(row.meaning), sentence(row.advice)]] : [],
  );
  return markdownTable(['state', 'meaning', 'what to do if the task fails'], ends);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
