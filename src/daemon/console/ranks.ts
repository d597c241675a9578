// Finds in the job's log which rank of a multi-node task failed first, and which ranks did not run.
import { findExitSignal } from '../../sbatch-template/job-script/job-exit-codes.ts';
import type { Job } from '../../slurm/scheduler.ts';

/** Whether a job has several nodes, and so several agents: Slurm then prints `n[1-3]` or `n1,m7`. */
export function hasRanks({ nodes }: Pick<Job, 'nodes'>): boolean {
  return /[[,]/.test(nodes ?? '');
}

/** The message of the job script, which knows the rank's exit code. */
const BY_SCRIPT = /^clearml: (?<node>\S+): rank (?<rank>\d+) of \d+ ended with exit code (?<code>\d+)$/m;

/** The message of srun, which also sees a killed rank (Slurm's src/srun/libsrun/srun_job.c and task_state.c). */
const BY_SRUN =
  /^srun: error: (?<node>\S+): tasks? (?<rank>[\d,-]+): (?:Exited with exit code (?<code>\d+)|(?<word>.+))$/m;

/**
 * Returns which rank failed first, on which node and how, or undefined if the log does not show it. Later ranks were ended because of it.
 * @param log the end of the job's log
 */
export function describeRankEnd(log: string): string | undefined {
  const [first] = [BY_SCRIPT, BY_SRUN]
    .map((form) => form.exec(log))
    .filter((found) => found !== null)
    .sort((one, other) => one.index - other.index);
  const { node = '', rank = '', code, word = '' } = first?.groups ?? {};
  if (rank === '') return undefined;
  const who = /^\d+$/.test(rank) ? `Rank ${rank} on ${node}` : `Ranks ${rank} on ${node}`;
  const signal = code === undefined ? undefined : findExitSignal(Number(code));
  const meaning = signal === undefined ? '' : ` (${signal})`;
  const how = code === undefined ? `ended ("${word.trim()}")` : `ended with exit code ${code}${meaning}`;
  return `${who} ${how}, and Slurm ended the other ranks.`;
}

/** The message of the job script of a rank that started too late. */
const NOT_RUN =
  /^clearml: (?<node>\S+): rank (?<rank>\d+) does not run the task, which was completed before this rank started$/gm;
/** The console shows so many by name. */
const MOST_NAMED = 5;

/**
 * Returns which ranks of a completed task did not run, or undefined if the log names none.
 * @param log the end of the job's log
 */
export function describeIdleRanks(log: string): string | undefined {
  const found = [...log.matchAll(NOT_RUN)].map(({ groups = {} }) => `${groups['rank']} (${groups['node']})`);
  const [first] = found;
  if (first === undefined) return undefined;
  const rest = found.length - MOST_NAMED;
  const names = [...found.slice(0, MOST_NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
  const who = found.length === 1 ? `Rank ${names}` : `Ranks ${names}`;
  return `${who} did not run: the first rank had already completed the task. If all ranks must run, synchronize them at the start (e.g. with a barrier).`;
}

/** Why a job failed whose task completed, to append to the message about the job's end. */
export const AFTER_COMPLETION =
  'The task completed. After that, another node or a later command of the template failed. ' + "See the job's log.";
