// Generates the tables of docs/failures.md from the job states and the known errors in logs.
import { markdownTable } from '../../src/base/text-table.ts';
import { LOG_PATTERNS } from '../../src/daemon/console/job-log-advice.ts';
import { JOB_STATES } from '../../src/slurm/job-state.ts';
import { fillTables } from './page-tables.ts';

/** The page with its tables as they are now. @throws RangeError when the page has no place for them */
export function fillFailureTables(page: string): string {
  return fillTables(page, { 'ends and logs': failureTables });
}

function failureTables(): string {
  const ends = Object.entries(JOB_STATES).flatMap(([state, row]) =>
    'advice' in row ? [[`\`${state}\``, sentence(row.meaning), sentence(row.advice)]] : [],
  );
  // Several errors may have the same advice, and several patterns the same cause.
  const causes = new Map<string, Set<string>>();
  for (const { cause, advice } of LOG_PATTERNS) {
    const remedy = sentence(advice.replace('$1', 'NAME').replace(' in the clearml.conf of the jobs', ''));
    const error = sentence(cause.replace(' ($1)', '').replace('status $1', 'status CODE').replace('$1', 'NAME'));
    causes.set(remedy, (causes.get(remedy) ?? new Set()).add(error));
  }
  const logs = [...causes].map(([remedy, errors]) => [[...errors].join('<br>'), remedy]);
  return [
    `## How a job ends\n\n${markdownTable(['state', 'meaning', 'what to do if the task fails'], ends)}`,
    'The daemon submits another job, so that a task has at most five, if the task has not started:\n',
    '* after BOOT_FAIL or PREEMPTED, if Slurm does not requeue the job (`--no-requeue`, `JobRequeue=0`, `PreemptMode=CANCEL`);',
    '* if slurmctld was killed while it started the job, and Slurm reports FAILED with exit code 1 although the script never began. The',
    "  job's log must [show this](job-script.md#whether-the-script-began).\n",
    'After TIMEOUT, the task fails unless [`resubmit_on_timeout`](configuration.md) lets the daemon submit it again. After NODE_FAIL, the task',
    'fails unless Slurm requeues the job: the daemon submits no other one, because on a node that Slurm cannot reach, the script may still run.\n',
    'Exit code `0:53` means that the job could not write its output file; 126, that a command of the template is not executable; 127, that',
    'the command does not exist. [job-script.md](job-script.md#exit-codes) lists the exit codes of the job script.\n',
    '## Errors in the log\n',
    "If the end of a failed job's log contains one of these errors, the task's console explains it, unless the daemon cannot read the log.\n",
    '`agent.git_user`, `agent.git_pass` and `agent.package_manager` belong in the clearml.conf of the jobs: `~/clearml.conf` of the job user on',
    "the nodes, or the file that the template exports as `CLEARML_CONFIG_FILE`. If the daemon's configuration sets",
    "[`shared_dir`](configuration.md) but not `user_map`, put these settings in the daemon's configuration instead.\n",
    markdownTable(['error', 'what to do'], logs),
  ].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
