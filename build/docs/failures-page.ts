// Generates the tables of docs/failures.md from the job states and the known errors in logs.
import { markdownTable } from '../../src/base/markdown-table.ts';
import { LOG_PATTERNS } from '../../src/daemon/console/job-log-advice.ts';
import { JOB_STATES } from '../../src/slurm/job-state.ts';
import { fillTables } from './page-tables.ts';

/** The page with its tables as they are now. @throws RangeError when the page has no place for them */
export function fillFailureTables(page: string): string {
  return fillTables(page, { 'ends and logs': failureTables });
}

function failureTables(): string {
  const ends = Object.entries(JOB_STATES)
    .filter(([, { live }]) => !live)
    .map(([state, row]) => [`\`${state}\``, sentence(row.meaning), sentence(adviceOf(row))]);
  const logs = LOG_PATTERNS.map(({ cause, advice }) => [
    sentence(cause.replace(' ($1)', '').replace('status $1', 'status CODE').replace('$1', 'NAME')),
    sentence(advice.replace('$1', 'NAME')),
  ]);
  // Several patterns may have the same cause.
  const distinct = [...new Map(logs.map((row) => [row.join(), row])).values()];
  return [
    `## How a job ends\n\n${markdownTable(['state', 'meaning', 'what to do if the task fails'], ends)}`,
    'If slurmctld is killed while it starts a job, Slurm may report FAILED with exit code 1 although the script never began. If the',
    "job's log [shows this](templates.md#how-a-job-ends), the daemon submits another job, up to five in total. It does the same after BOOT_FAIL",
    'or PREEMPTED if the task had not started and Slurm does not requeue the job (because of `--no-requeue`, `JobRequeue=0` or',
    '`PreemptMode=CANCEL`). After NODE_FAIL, the task fails unless Slurm requeues the job: the daemon submits no other job, because the script may',
    'still run on a node that Slurm cannot reach.\n',
    'Exit code `0:53` means that the job could not write its output file. Bash exits with 126 if a command of the template is not',
    'executable, and with 127 if the command does not exist. [templates.md](templates.md#how-a-job-ends) lists the exit codes of the job script.\n',
    '## Errors in the log\n',
    "If the last lines of a failed job's log contain one of these errors, the task's console explains it. *The clearml.conf of the jobs* is",
    '`~/clearml.conf` of the job user on the nodes, or the file that the template exports as `CLEARML_CONFIG_FILE`; if `shared_dir` is set and',
    '`user_map` is not, it is the configuration of the daemon.\n',
    markdownTable(['error', 'what to do'], distinct),
  ].join('\n');
}

function adviceOf(row: { readonly meaning: string; readonly advice?: string }): string {
  return row.advice ?? '';
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
